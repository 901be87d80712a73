//! candle as a contender: the recurrent layers of `candle-nn` with its own autodiff and optimiser.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss::mse;
use candle_nn::rnn::{GRU, GRUConfig, GRUState, LSTM, LSTMConfig, LSTMState, RNN};
use candle_nn::{Linear, Module, Optimizer, SGD, VarBuilder};
use harness::{Cell, Contender, Data, Kind, Network, Point, Prepared, serve, work};

struct Candle;

impl Contender for Candle {
    fn settings(&self) -> &str {
        "`rnn::GRU` or `rnn::LSTM`, `SGD`"
    }

    fn prepare(&self, point: &Point, data: Data) -> Prepared {
        match point.cell {
            Cell::Elman => Err("candle-nn has no Elman cell".into()),
            Cell::Gru => build(point, &data, gru),
            Cell::Lstm => build(point, &data, lstm),
        }
    }
}

fn build<R: Layer + 'static>(
    point: &Point,
    data: &Data,
    layer: fn(&Point, VarBuilder) -> Result<R>,
) -> Prepared {
    let candle = CandleNetwork::new(point, data, layer);
    candle.map(|network| work(point, network)).map_err(|error| error.to_string())
}

fn gru(point: &Point, weights: VarBuilder) -> Result<GRU> {
    GRU::new(point.input_size, point.hidden_size, GRUConfig::default(), weights)
}

fn lstm(point: &Point, weights: VarBuilder) -> Result<LSTM> {
    LSTM::new(point.input_size, point.hidden_size, LSTMConfig::default(), weights)
}

/// A layer whose hidden state can be read.
trait Layer: RNN {
    fn hidden(state: &Self::State) -> &Tensor;
}

impl Layer for GRU {
    fn hidden(state: &GRUState) -> &Tensor {
        state.h()
    }
}

impl Layer for LSTM {
    fn hidden(state: &LSTMState) -> &Tensor {
        state.h()
    }
}

struct CandleNetwork<R: RNN> {
    layer: R,
    head: Linear,
    /// Empty in inference, so that no graph is recorded.
    variables: Vec<Var>,
    optimiser: SGD,
    /// `[B, T, I]`
    x: Tensor,
    /// `T` times `[B, I]`.
    timesteps: Vec<Tensor>,
    /// `[B, 1]`
    y: Tensor,
    state: R::State,
}

impl<R: Layer> CandleNetwork<R> {
    fn new(point: &Point, data: &Data, layer: fn(&Point, VarBuilder) -> Result<R>) -> Result<Self> {
        let (b, t, i, h) = (point.batch_size, point.seq_len, point.input_size, point.hidden_size);
        let rows = point.cell.gates() * h;
        let shapes: [(&str, &[usize]); 6] = [
            ("weight_ih_l0", &[rows, i]),
            ("weight_hh_l0", &[rows, h]),
            ("bias_ih_l0", &[rows]),
            ("bias_hh_l0", &[rows]),
            ("head.weight", &[1, h]),
            ("head.bias", &[1]),
        ];
        let device = &Device::Cpu;
        let mut variables = Vec::new();
        let mut tensors = std::collections::HashMap::new();
        for ((name, shape), values) in shapes.into_iter().zip(data.tensors(point)) {
            let mut tensor = Tensor::from_slice(values, shape, device)?;
            if point.kind == Kind::Train {
                let variable = Var::from_tensor(&tensor)?;
                tensor = variable.as_tensor().clone();
                variables.push(variable);
            }
            tensors.insert(name.to_owned(), tensor);
        }
        let head = Linear::new(tensors["head.weight"].clone(), Some(tensors["head.bias"].clone()));
        let layer = layer(point, VarBuilder::from_tensors(tensors, candle_core::DType::F32, device))?;
        let timesteps = (0..t).map(|t| Tensor::from_slice(data.x_at(point, t), (b, i), device));
        let timesteps = timesteps.collect::<Result<Vec<_>>>()?;
        Ok(CandleNetwork {
            state: layer.zero_state(b)?,
            layer,
            head,
            optimiser: SGD::new(variables.clone(), 0.0)?,
            variables,
            x: Tensor::stack(&timesteps, 1)?,
            timesteps,
            y: Tensor::from_slice(&data.y, (b, 1), device)?,
        })
    }

    /// The outputs after the last timestep, `[B, 1]`.
    fn forward(&self) -> Result<Tensor> {
        let states = self.layer.seq(&self.x)?;
        self.head.forward(R::hidden(&states[states.len() - 1]))
    }

    fn try_train(&mut self, rate: f32) -> Result<f32> {
        let loss = mse(&self.forward()?, &self.y)?;
        self.optimiser.set_learning_rate(f64::from(rate));
        self.optimiser.backward_step(&loss)?;
        loss.to_scalar()
    }

    fn try_stream(&mut self, t: usize) -> Result<f32> {
        self.state = self.layer.step(&self.timesteps[t], &self.state)?;
        first(&self.head.forward(R::hidden(&self.state))?)
    }
}

fn first(output: &Tensor) -> Result<f32> {
    output.flatten_all()?.get(0)?.to_scalar()
}

fn values(variable: &Var) -> Result<Vec<f32>> {
    variable.flatten_all()?.to_vec1()
}

impl<R: Layer + 'static> Network for CandleNetwork<R> {
    fn train(&mut self, rate: f32) -> f64 {
        self.try_train(rate).expect("shapes that fitted once fit again").into()
    }

    fn parameters(&self) -> [Vec<f32>; 6] {
        std::array::from_fn(|n| values(&self.variables[n]).expect("a variable is readable"))
    }

    fn stream(&mut self, t: usize) -> f32 {
        self.try_stream(t).expect("shapes that fitted once fit again")
    }

    fn sequence(&mut self) -> f32 {
        self.forward().and_then(|output| first(&output)).expect("shapes that fitted once fit again")
    }
}

fn main() -> std::io::Result<()> {
    serve(&Candle)
}
