//! The engine behind the three kinds of work: all that this benchmark knows of Elman's API.

use std::num::NonZeroUsize;

use elman::batch::Batch;
use elman::network::{
    CellKind, Engine as _, Gradients, Mode, Network, NetworkConfig, Readout, SimdEngine, State,
    instruction_set,
};
use elman::optimiser::{Optimiser, OptimiserConfig};
use elman::stream::Stream;
use harness::{Cell, Data, Point};

/// How the engine runs, for the report.
pub(crate) fn settings() -> String {
    let set = instruction_set().map_or_else(|error| error.to_string(), |set| set.name().to_owned());
    format!("`SimdEngine`, `Stream`; {set}")
}

/// A network with its parameters, and the point's batch, as a whole and, of one sequence, step by step.
pub(crate) struct Engine {
    network: Network,
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    optimiser: Optimiser<f32>,
    batch: Batch<f32>,
    engine: SimdEngine,
    stream: Stream,
    x: Vec<f32>,
    y: Vec<f32>,
    doutput: Vec<f32>,
    state: State<f32>,
}

impl Engine {
    /// Builds the network; the error says what it cannot do.
    pub(crate) fn new(point: &Point, data: Data) -> Result<Self, String> {
        elman::threads::set_count(NonZeroUsize::new(point.threads));
        let cell = match point.cell {
            Cell::Elman => CellKind::Elman,
            Cell::Gru => CellKind::Gru,
            Cell::Lstm => CellKind::Lstm,
        };
        let config = NetworkConfig::stacked(cell, point.input_size, point.hidden_size, point.num_layers, 1)
            .readout(Readout::Last);
        let network = Network::new(config).map_err(|error| error.to_string())?;
        let (batch_size, width) = (point.batch_size, point.input_size);
        let rows: Vec<&[f32]> = data.x.chunks_exact(width).collect();
        let sequence = |b: usize| rows[b..].iter().step_by(batch_size).copied().flatten().copied().collect();
        let sequences: Vec<Vec<f32>> = (0..batch_size).map(sequence).collect();
        let sequences: Vec<&[f32]> = sequences.iter().map(Vec::as_slice).collect();
        let mut engine = SimdEngine::new(&network);
        let stream = Stream::new(&network, &data.parameters).map_err(|error| error.to_string())?;
        engine.load(&data.parameters);
        Ok(Engine {
            gradient: vec![0.0; data.parameters.len()],
            optimiser: Optimiser::new(OptimiserConfig::SGD, data.parameters.len()),
            parameters: data.parameters,
            batch: Batch::new(&sequences, width),
            engine,
            stream,
            x: data.x,
            doutput: vec![0.0; batch_size],
            y: data.y,
            state: network.zero_state(batch_size),
            network,
        })
    }
}

impl harness::Network for Engine {
    fn train(&mut self, rate: f32) -> f64 {
        self.engine.load(&self.parameters);
        self.state.reset(self.y.len());
        self.engine.forward(&self.batch, &mut self.state, Mode::Evaluate);
        let scale = 1.0 / self.y.len() as f32;
        let mut loss = 0.0;
        for ((doutput, &output), &y) in self.doutput.iter_mut().zip(self.engine.output()).zip(&self.y) {
            let error = output - y;
            loss += scale * error * error;
            *doutput = 2.0 * scale * error;
        }
        self.gradient.fill(0.0);
        let gradients = Gradients { parameters: &mut self.gradient, state: None, input: None };
        self.engine.backward(&self.batch, &self.doutput, gradients);
        self.optimiser.update(&mut self.parameters, &self.gradient, f64::from(rate));
        f64::from(loss)
    }

    fn parameters(&self) -> [Vec<f32>; 6] {
        let tensors = self.network.layout().tensors();
        std::array::from_fn(|n| self.parameters[tensors[n].range.clone()].to_vec())
    }

    fn stream(&mut self, t: usize) -> f32 {
        let width = self.batch.input_size();
        let mut output = [0.0];
        self.stream.step(&self.x[t * width..][..width], &mut output);
        output[0]
    }

    fn sequence(&mut self) -> f32 {
        self.state.reset(self.y.len());
        self.engine.forward(&self.batch, &mut self.state, Mode::Predict)[0]
    }
}
