//! Weights, inputs and targets, the same for every contender in every language.

use crate::point::Point;

/// One layer's parameters and the head's as PyTorch lays them out, and a batch.
#[derive(Clone, Debug)]
pub struct Data {
    /// All parameters in PyTorch's order: `weight_ih_l0 [G*H, I]`, `weight_hh_l0 [G*H, H]`,
    /// `bias_ih_l0 [G*H]`, `bias_hh_l0 [G*H]`, further layers, `head.weight [1, H]`, `head.bias [1]`.
    pub parameters: Vec<f32>,
    /// `[T, B, I]`
    pub x: Vec<f32>,
    /// `[B]`
    pub y: Vec<f32>,
}

impl Data {
    /// Draws a point's numbers: parameters uniform in `±1/sqrt(H)`, `x` and `y` in `±1`.
    pub fn new(point: &Point) -> Self {
        let (h, rows) = (point.hidden_size, point.cell.gates() * point.hidden_size);
        let layer = |input_size: usize| rows * (input_size + h + 2);
        let num_parameters = layer(point.input_size) + (point.num_layers - 1) * layer(h) + h + 1;
        let mut stream = Stream(1);
        Data {
            parameters: stream.draw(num_parameters, 1.0 / (h as f64).sqrt()),
            x: stream.draw(point.seq_len * point.batch_size * point.input_size, 1.0),
            y: stream.draw(point.batch_size, 1.0),
        }
    }

    /// The parameters of a network of one layer, tensor by tensor.
    pub fn tensors(&self, point: &Point) -> [&[f32]; 6] {
        let (h, rows) = (point.hidden_size, point.cell.gates() * point.hidden_size);
        let mut rest = self.parameters.as_slice();
        [rows * point.input_size, rows * h, rows, rows, h, 1].map(|len| {
            let (tensor, after) = rest.split_at(len);
            rest = after;
            tensor
        })
    }

    /// Timestep `t` of the batch: `[B, I]`.
    pub fn x_at(&self, point: &Point, t: usize) -> &[f32] {
        let width = point.batch_size * point.input_size;
        &self.x[t * width..][..width]
    }
}

/// The generator `s = 1664525 s + 1013904223 mod 2^32` (Knuth; Numerical Recipes' `ranqd1`).
struct Stream(u32);

impl Stream {
    /// The upper 24 bits of each state, uniform in `[-scale, scale)`.
    fn draw(&mut self, len: usize, scale: f64) -> Vec<f32> {
        let mut next = || {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let unit = f64::from(self.0 >> 8) / f64::from(1 << 23) - 1.0;
            (unit * scale) as f32
        };
        (0..len).map(|_| next()).collect()
    }
}
