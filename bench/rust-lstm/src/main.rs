//! rust-lstm as a contender: its LSTM and linear layer, which compute in `f64` on one thread.

use harness::{Cell, Contender, Data, Network, Point, Prepared, serve, work};
use ndarray::Array2;
use rust_lstm::{LSTMNetwork, LSTMState, LinearLayer, LossFunction, MSELoss, SGD};

struct RustLstm;

impl Contender for RustLstm {
    fn settings(&self) -> &str {
        "`LSTMNetwork`, `SGD`, in f64, which is all it has"
    }

    fn prepare(&self, point: &Point, data: Data) -> Prepared {
        match (point.cell, point.threads) {
            (Cell::Elman, _) => Err("rust-lstm has no Elman cell".into()),
            (Cell::Gru, _) => Err("rust-lstm's GRU has its reset gate before the recurrent product".into()),
            (Cell::Lstm, 1) => Ok(work(point, RustLstmNetwork::new(point, &data))),
            (Cell::Lstm, _) => Err("rust-lstm runs on one thread".into()),
        }
    }
}

struct RustLstmNetwork {
    layer: LSTMNetwork,
    head: LinearLayer,
    /// `T` times `[I, B]`.
    x: Vec<Array2<f64>>,
    /// `[1, B]`
    y: Array2<f64>,
    state: LSTMState,
}

impl RustLstmNetwork {
    fn new(point: &Point, data: &Data) -> Self {
        let (b, i, h) = (point.batch_size, point.input_size, point.hidden_size);
        let rows = 4 * h;
        let [weight_ih, weight_hh, bias_ih, bias_hh, head_weight, head_bias] = data.tensors(point);
        let mut layer = LSTMNetwork::new(i, h, 1);
        let cell = &mut layer.get_cells_mut()[0];
        cell.w_ih = matrix(rows, i, weight_ih);
        cell.w_hh = matrix(rows, h, weight_hh);
        cell.b_ih = matrix(rows, 1, bias_ih);
        cell.b_hh = matrix(rows, 1, bias_hh);
        RustLstmNetwork {
            state: layer.zero_state(b),
            layer,
            head: LinearLayer::from_weights(matrix(1, h, head_weight), matrix(1, 1, head_bias)),
            x: (0..point.seq_len).map(|t| matrix(b, i, data.x_at(point, t)).reversed_axes()).collect(),
            y: matrix(1, b, &data.y),
        }
    }
}

fn matrix(rows: usize, columns: usize, values: &[f32]) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(row, column)| f64::from(values[row * columns + column]))
}

impl Network for RustLstmNetwork {
    fn train(&mut self, rate: f32) -> f64 {
        let (outputs, caches) = self.layer.forward_sequence_with_cache(&self.x);
        let y = self.head.forward(&outputs[outputs.len() - 1].0);
        let (head_gradients, dh) = self.head.backward(&MSELoss.compute_gradient(&y, &self.y));
        let mut doutputs = vec![Array2::zeros(dh.raw_dim()); outputs.len() - 1];
        doutputs.push(dh);
        let (gradients, _) = self.layer.backward_sequence(&doutputs, &caches);
        let mut optimiser = SGD::new(f64::from(rate));
        self.layer.update_parameters(&gradients, &mut optimiser);
        self.head.update_parameters(&head_gradients, &mut optimiser, "head");
        MSELoss.compute_loss(&y, &self.y)
    }

    fn parameters(&self) -> [Vec<f32>; 6] {
        let cell = &self.layer.get_cells()[0];
        [&cell.w_ih, &cell.w_hh, &cell.b_ih, &cell.b_hh, &self.head.weight, &self.head.bias]
            .map(|tensor| tensor.iter().map(|&value| value as f32).collect())
    }

    fn stream(&mut self, t: usize) -> f32 {
        let (h, state) = self.layer.forward(&self.x[t], &self.state);
        self.state = state;
        self.head.forward(&h)[[0, 0]] as f32
    }

    fn sequence(&mut self) -> f32 {
        let outputs = self.layer.forward_sequence(&self.x);
        self.head.forward(&outputs[outputs.len() - 1])[[0, 0]] as f32
    }
}

fn main() -> std::io::Result<()> {
    serve(&RustLstm)
}
