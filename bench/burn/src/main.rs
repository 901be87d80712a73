//! burn as a contender: the recurrent modules of `burn-nn` with its own autodiff and optimiser.

use burn::module::{Module, Param};
use burn::nn::gru::{Gru, GruConfig};
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{GateController, Linear, LinearConfig, Lstm, LstmConfig, LstmState, Rnn, RnnConfig, RnnState};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Tensor, TensorData};
use harness::{Cell, Contender, Data, Kind, Network, Point, Prepared, serve, work};

struct Burn;

impl Contender for Burn {
    fn settings(&self) -> &str {
        "backend Flex, one timestep per call of `Rnn`, `Gru` or `Lstm`, `SgdConfig`"
    }

    fn prepare(&self, point: &Point, data: Data) -> Prepared {
        Ok(work(point, BurnNetwork::new(point, &data)))
    }
}

#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Layer {
    Elman(Rnn),
    Gru(Gru),
    Lstm(Lstm),
}

impl Layer {
    fn new(point: &Point, device: &Device) -> Self {
        let (i, h) = (point.input_size, point.hidden_size);
        match point.cell {
            Cell::Elman => Layer::Elman(RnnConfig::new(i, h, true).init(device)),
            Cell::Gru => Layer::Gru(GruConfig::new(i, h, true).init(device)),
            Cell::Lstm => Layer::Lstm(LstmConfig::new(i, h, true).init(device)),
        }
    }

    /// The gates in PyTorch's order.
    fn gates(&self) -> Vec<&GateController> {
        match self {
            Layer::Elman(rnn) => vec![&rnn.gate],
            Layer::Gru(gru) => vec![&gru.reset_gate, &gru.update_gate, &gru.new_gate],
            Layer::Lstm(lstm) => {
                let forget = lstm.forget_gate.as_ref().expect("its gates are not coupled");
                vec![&lstm.input_gate, forget, &lstm.cell_gate, &lstm.output_gate]
            }
        }
    }

    fn gates_mut(&mut self) -> Vec<&mut GateController> {
        match self {
            Layer::Elman(rnn) => vec![&mut rnn.gate],
            Layer::Gru(gru) => vec![&mut gru.reset_gate, &mut gru.update_gate, &mut gru.new_gate],
            Layer::Lstm(lstm) => {
                let forget = lstm.forget_gate.as_mut().expect("its gates are not coupled");
                vec![&mut lstm.input_gate, forget, &mut lstm.cell_gate, &mut lstm.output_gate]
            }
        }
    }

    /// One timestep `[B, 1, I]`. Called so, a module need not build the output of all timesteps, whose
    /// every slice would be a node of the graph over the whole.
    fn step(&self, x: Tensor<3>, state: State) -> State {
        let [batch_size, _, _] = x.dims();
        match self {
            Layer::Elman(rnn) => {
                let (_, next) = rnn.forward(x, state.hidden.map(RnnState::new));
                State { hidden: Some(next.hidden), cell: None }
            }
            Layer::Gru(gru) => {
                let output = gru.forward(x, state.hidden);
                State { hidden: Some(output.reshape([batch_size, gru.d_hidden])), cell: None }
            }
            Layer::Lstm(lstm) => {
                let state = state.hidden.zip(state.cell).map(|(hidden, cell)| LstmState::new(cell, hidden));
                let (_, next) = lstm.forward(x, state);
                State { hidden: Some(next.hidden), cell: Some(next.cell) }
            }
        }
    }
}

#[derive(Module, Debug)]
struct Model {
    layer: Layer,
    head: Linear,
}

/// Nothing at the start, which the modules take for zeros.
#[derive(Default)]
struct State {
    hidden: Option<Tensor<2>>,
    cell: Option<Tensor<2>>,
}

struct BurnNetwork {
    /// Taken out while the optimiser works on it.
    model: Option<Model>,
    optimiser: ModuleOptimizer,
    /// `T` times `[B, 1, I]`.
    timesteps: Vec<Tensor<3>>,
    /// `[B, 1]`
    y: Tensor<2>,
    state: State,
}

impl BurnNetwork {
    fn new(point: &Point, data: &Data) -> Self {
        // The fastest of its backends that compute on a CPU themselves: NdArray, which is deprecated,
        // took two to eight times as long, and LibTorch is PyTorch.
        let device = Device::flex();
        let device = if point.kind == Kind::Train { device.autodiff() } else { device };
        let (b, i, h) = (point.batch_size, point.input_size, point.hidden_size);
        let [weight_ih, weight_hh, bias_ih, bias_hh, head_weight, head_bias] = data.tensors(point);
        let mut layer = Layer::new(point, &device);
        for (n, gate) in layer.gates_mut().into_iter().enumerate() {
            set(&mut gate.input_transform, &weight_ih[n * h * i..][..h * i], &bias_ih[n * h..][..h], &device);
            set(
                &mut gate.hidden_transform,
                &weight_hh[n * h * h..][..h * h],
                &bias_hh[n * h..][..h],
                &device,
            );
        }
        let mut head = LinearConfig::new(h, 1).init(&device);
        set(&mut head, head_weight, head_bias, &device);
        let timestep =
            |t| Tensor::from_data(TensorData::new(data.x_at(point, t).to_vec(), [b, 1, i]), &device);
        BurnNetwork {
            model: Some(Model { layer, head }),
            optimiser: SgdConfig::new().init(),
            timesteps: (0..point.seq_len).map(timestep).collect(),
            y: Tensor::from_data(TensorData::new(data.y.clone(), [b, 1]), &device),
            state: State::default(),
        }
    }

    fn model(&self) -> &Model {
        self.model.as_ref().expect("the optimiser gave it back")
    }

    /// The outputs after the last timestep, `[B, 1]`.
    fn forward(&self) -> Tensor<2> {
        let model = self.model();
        let step = |state, x: &Tensor<3>| model.layer.step(x.clone(), state);
        read_out(model, &self.timesteps.iter().fold(State::default(), step))
    }
}

/// Gives a linear layer PyTorch's `weight [out, in]` and `bias [out]`; its own weight is `[in, out]`.
fn set(linear: &mut Linear, weight: &[f32], bias: &[f32], device: &Device) {
    let shape = [bias.len(), weight.len() / bias.len()];
    let weight = Tensor::<2>::from_data(TensorData::new(weight.to_vec(), shape), device).transpose();
    // Through plain numbers, so that it lies in memory as `LinearConfig::init` would have left it.
    linear.weight = Param::from_tensor(Tensor::from_data(weight.to_data(), device));
    linear.bias =
        Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias.to_vec(), [shape[0]]), device)));
}

fn read_out(model: &Model, state: &State) -> Tensor<2> {
    model.head.forward(state.hidden.clone().expect("there was a timestep"))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("all tensors are f32")
}

impl Network for BurnNetwork {
    fn train(&mut self, rate: f32) -> f64 {
        let loss = MseLoss::new().forward(self.forward(), self.y.clone(), Reduction::Mean);
        let model = self.model.take().expect("the optimiser gave it back");
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimiser.step(f64::from(rate), model, gradients));
        values(loss)[0].into()
    }

    fn parameters(&self) -> [Vec<f32>; 6] {
        let Model { layer, head } = self.model();
        let gates = layer.gates();
        let weight = |linear: &Linear| values(linear.weight.val());
        let bias = |linear: &Linear| linear.bias.as_ref().map(|bias| values(bias.val())).unwrap_or_default();
        [
            gates.iter().flat_map(|gate| weight(&gate.input_transform)).collect(),
            gates.iter().flat_map(|gate| weight(&gate.hidden_transform)).collect(),
            gates.iter().flat_map(|gate| bias(&gate.input_transform)).collect(),
            gates.iter().flat_map(|gate| bias(&gate.hidden_transform)).collect(),
            weight(head),
            bias(head),
        ]
    }

    fn stream(&mut self, t: usize) -> f32 {
        let state = std::mem::take(&mut self.state);
        self.state = self.model().layer.step(self.timesteps[t].clone(), state);
        values(read_out(self.model(), &self.state))[0]
    }

    fn sequence(&mut self) -> f32 {
        values(self.forward())[0]
    }
}

fn main() -> std::io::Result<()> {
    serve(&Burn)
}
