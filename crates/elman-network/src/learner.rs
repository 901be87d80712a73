//! A network that learns, one batch after another: for those who write the loop themselves.
//!
//! ```
//! use elman_network::init::Init;
//! use elman_network::learner::{Learner, LearnerConfig};
//! use elman_network::loss::Loss;
//! use elman_network::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman_network::optimiser::OptimiserConfig;
//! use elman_network::sequence::{Example, TrainingBatch};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The mean of a sequence.
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 8, 1, 1).readout(Readout::Last))?;
//! let examples = [[0.1, 0.3], [0.9, 0.5], [0.2, 0.8]];
//! let examples = examples.map(|x| Example::values(x.to_vec(), vec![(x[0] + x[1]) / 2.0]));
//! let batch = TrainingBatch::<f32>::new(&network, &examples);
//!
//! let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM).with_learning_rate(0.01);
//! let mut learner = Learner::new(&network, Init::Orthogonal.draw(&network, 0)?, config)?;
//! let before = learner.step(&batch)?;
//! for _ in 0..100 {
//!     learner.step(&batch)?;
//! }
//! assert!(learner.loss(&batch) < before / 10.0);
//! let means = learner.predict(batch.inputs());
//! assert!((means[1][0] - 0.7).abs() < 0.1);
//! # Ok(())
//! # }
//! ```

mod config;
mod pieces;

use std::ops::Range;

pub use self::config::LearnerConfig;
pub use self::pieces::{Pieces, Walk};
use crate::batch::Batch;
use crate::error::{ConfigError, NotFinite};
use crate::float::Float;
use crate::loss::Total;
use crate::network::{Engine, Gradients, Mode, Network, State};
use crate::optimiser::{Optimiser, clip_grad_norm, grad_norm};
use crate::random::{Purpose, Rng};
use crate::sequence::TrainingBatch;

/// What has been learned since the latest update, if several batches, or pieces of them, make one. Beside it stands the gradient:
/// the sum of their own, each times the weight of its loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gathered {
    /// The batches, or pieces of them, so far.
    pub batches: usize,
    /// Of the losses.
    pub weight: f64,
}

/// A network with its parameters, the engine that runs it and the optimiser that changes them.
///
/// The parameters belong to it, so that the engine always runs with those of the latest update. The memory of
/// a step is kept for the next one.
#[derive(Debug)]
pub struct Learner<T: Float = f32> {
    network: Network,
    config: LearnerConfig,
    parameters: Vec<T>,
    optimiser: Optimiser<T>,
    engine: T::Engine,
    /// Has the engine taken up the parameters as they are now?
    loaded: bool,
    steps: u64,
    grad_norm: Option<f64>,
    gradient: Vec<T>,
    gathered: Gathered,
    doutput: Vec<T>,
    state: State<T>,
    /// Of the batch, when it is learned in pieces of time.
    piece: TrainingBatch<T>,
}

impl<T: Float> Learner<T> {
    /// A learner that starts from these parameters, as [`Init::draw`](crate::init::Init::draw) gives them.
    ///
    /// # Errors
    /// If an option is out of range or does not suit the network, or the parameters are not as many as the
    /// network has.
    pub fn new(network: &Network, parameters: Vec<T>, config: LearnerConfig) -> Result<Self, ConfigError> {
        config.check(network)?;
        let (found, wanted) = (parameters.len(), network.layout().len());
        if found != wanted {
            return Err(ConfigError::new("parameters", format!("are {found}, but the network has {wanted}")));
        }
        Ok(Learner {
            optimiser: Optimiser::new(config.optimiser, wanted),
            engine: T::Engine::new(network),
            loaded: false,
            steps: 0,
            grad_norm: None,
            gradient: vec![T::default(); wanted],
            gathered: Gathered::default(),
            doutput: Vec::new(),
            state: network.zero_state(0),
            piece: TrainingBatch::default(),
            network: network.clone(),
            config,
            parameters,
        })
    }

    /// Goes on as a learner of this network that has come so far; its state is that of before a batch.
    ///
    /// # Panics
    /// If parameters or optimiser are of another number of parameters than the network has.
    pub fn restore(
        &mut self,
        mut parameters: Vec<T>,
        optimiser: Optimiser<T>,
        steps: u64,
        grad_norm: Option<f64>,
    ) {
        self.swap_parameters(&mut parameters);
        assert!(optimiser.fits(self.parameters.len()), "the optimiser's memory is of other parameters");
        (self.optimiser, self.steps, self.grad_norm) = (optimiser, steps, grad_norm);
        self.gathered = Gathered::default();
    }

    /// Goes on in the midst of the batches that make an update.
    ///
    /// # Panics
    /// If the gradient is not of as many parameters as the network has.
    pub fn restore_gathered(&mut self, gathered: Gathered, gradient: Vec<T>) {
        assert_eq!(gradient.len(), self.gradient.len(), "entries of the gradient");
        (self.gathered, self.gradient) = (gathered, gradient);
    }

    /// What the next update will be made of, and its gradient.
    pub fn gathered(&self) -> (Gathered, &[T]) {
        (self.gathered, &self.gradient)
    }

    /// Learns from a batch, whose sequences are at their start: the forward pass, the loss, the backward pass,
    /// clipping and the update, or with [`LearnerConfig::truncate`] all of that for one piece of time after
    /// another. Where no target is known there is no update, and with [`LearnerConfig::accumulate`] one only with every so
    /// many-th batch or piece. Gives the batch's loss before the update.
    ///
    /// # Errors
    /// If the loss, the gradient or the learning rate is not finite. The parameters are then those before that update.
    ///
    /// # Panics
    /// If the batch was not packed for this network, or its targets are not what the loss takes.
    pub fn step(&mut self, batch: &TrainingBatch<T>) -> Result<f64, NotFinite> {
        self.learn(batch).map(Total::mean)
    }

    /// [`step`](Self::step), from a state and with it left at the sequences' new ends: for sequences that come
    /// piece by piece. Gradients do not flow from one piece to the one before it. The first piece starts from
    /// [`Network::zero_state`], and is burned in where [`LearnerConfig::burn_in`] says so. The state is in the order of
    /// the examples, however long each of them is: [`State::at`] reads it.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    ///
    /// # Panics
    /// As [`step`](Self::step); or if the state is not for as many sequences; the first piece is shorter than what is to be
    /// burned in; or the batch is learned in pieces of time and its sequences are not equally long: of those that end early
    /// there would be no state to carry on.
    pub fn step_from(&mut self, state: &mut State<T>, batch: &TrainingBatch<T>) -> Result<f64, NotFinite> {
        let packing = batch.inputs().packing();
        assert_eq!(state.batch_size(), packing.batch_size(), "sequences in state and batch");
        let is_burned_in = self.config.burn_in > 0 && state.is_fresh();
        assert!(
            !is_burned_in || packing.seq_len() >= self.config.burn_in,
            "the first piece has {} timesteps, and {} are to be burned in",
            packing.seq_len(),
            self.config.burn_in
        );
        let in_pieces = is_burned_in || self.end_of_piece(0, packing.seq_len()) < packing.seq_len();
        let are_equal = packing.lengths().iter().all(|&len| len == packing.seq_len());
        assert!(
            !in_pieces || are_equal,
            "sequences whose state is carried on from piece to piece are equally long"
        );
        // The batch has sequences in an order of its own.
        let order = packing.order();
        let under_way = std::mem::replace(&mut self.state, state.select(order));
        let mut batch = batch;
        let total = self.set_out(&mut batch).and_then(|mut walk| self.learn_rest(&mut batch, &mut walk));
        state.replace(order, &std::mem::replace(&mut self.state, under_way));
        total.map(Total::mean)
    }

    /// [`step`](Self::step), with the loss as a sum and its weight.
    fn learn(&mut self, mut batch: &TrainingBatch<T>) -> Result<Total<f64>, NotFinite> {
        let mut walk = self.begin(&mut batch)?;
        self.learn_rest(&mut batch, &mut walk)
    }

    /// Makes a step of the pieces of a batch whose sequences are at their start: each of them is then learned by
    /// [`learn_piece`](Self::learn_piece).
    pub fn begin<B: Pieces<T>>(&mut self, batch: &mut B) -> Result<Walk, B::Error> {
        self.state.reset(batch.batch_size());
        self.set_out(batch)
    }

    /// Begins a step from the state as it is; from a fresh one it is burned in.
    fn set_out<B: Pieces<T>>(&mut self, batch: &mut B) -> Result<Walk, B::Error> {
        let masks = self.masks();
        let burn_in = self.config.burn_in.min(batch.seq_len());
        if burn_in == 0 || !self.state.is_fresh() {
            return Ok(Walk { time: 0, masks });
        }
        let mut piece = std::mem::take(&mut self.piece);
        batch.cut(&self.network, 0..burn_in, &mut piece)?;
        self.forward(piece.inputs(), Mode::Predict);
        self.piece = piece;
        Ok(Walk { time: burn_in, masks })
    }

    /// The generator of this step's dropout masks, which makes it a step.
    fn masks(&mut self) -> Rng {
        self.steps += 1;
        self.masks_of_step()
    }

    /// The generator of the dropout masks of the latest step, at its start.
    pub fn masks_of_step(&self) -> Rng {
        Rng::new(self.config.seed, Purpose::Dropout(self.steps.saturating_sub(1)))
    }

    /// Learns from all pieces that are left.
    fn learn_rest<B: Pieces<T>>(&mut self, batch: &mut B, walk: &mut Walk) -> Result<Total<f64>, B::Error> {
        let mut sum = Total::default();
        while walk.time < batch.seq_len() {
            sum += self.learn_piece(batch, walk)?;
        }
        Ok(sum)
    }

    /// Learns from the next piece of a batch, of which there must be one. It makes no update if none of its outputs has
    /// a target: the weight of its loss is then 0.
    pub fn learn_piece<B: Pieces<T>>(
        &mut self,
        batch: &mut B,
        walk: &mut Walk,
    ) -> Result<Total<f64>, B::Error> {
        let end = self.end_of_piece(walk.time, batch.seq_len());
        let time = walk.time..end;
        walk.time = end;
        if time.len() == batch.seq_len()
            && let Some(batch) = batch.whole()
        {
            self.forward(batch.inputs(), Mode::Train(&mut walk.masks));
            return Ok(self.update(batch, 0..batch.outputs().num_rows())?);
        }
        let mut piece = std::mem::take(&mut self.piece);
        self.state.truncate(batch.active(time.start));
        let outputs = batch.cut(&self.network, time, &mut piece)?;
        self.forward(piece.inputs(), Mode::Train(&mut walk.masks));
        let total = if outputs.is_empty() { Ok(Total::default()) } else { self.update(&piece, outputs) };
        self.piece = piece;
        Ok(total?)
    }

    /// Where a piece ends that begins at this timestep.
    pub fn end_of_piece(&self, start: usize, seq_len: usize) -> usize {
        self.config.truncate.map_or(seq_len, |len| start.saturating_add(len).min(seq_len))
    }

    /// Runs a batch from the state as it is, with the parameters as they are.
    fn forward(&mut self, batch: &Batch<T>, mode: Mode<'_>) {
        if !self.loaded {
            self.engine.load(&self.parameters);
            self.loaded = true;
        }
        self.engine.forward(batch, &mut self.state, mode);
    }

    /// Loss and gradient for a batch that has just run forward and whose targets are those of the rows `outputs` of the
    /// network's output, and the update, if it is due.
    fn update(&mut self, batch: &TrainingBatch<T>, outputs: Range<usize>) -> Result<Total<f64>, NotFinite> {
        let output_size = self.network.output_size();
        let values = outputs.start * output_size..outputs.end * output_size;
        let output = self.engine.output();
        self.doutput.clear();
        self.doutput.resize(output.len(), T::default());
        let doutput = &mut self.doutput[values.clone()];
        let (loss, output) = (&self.config.loss, &output[values]);
        let total = loss.gradient_of(batch.outputs(), output, output_size, batch.targets(), doutput);
        let total = total.to_f64();
        NotFinite::check("loss", total.mean())?;
        if total.weight > 0.0 {
            self.gather(batch, total.weight);
        }
        self.gathered.batches += 1;
        if self.gathered.batches >= self.config.accumulate {
            self.apply()?;
        }
        Ok(total)
    }

    /// Adds the gradient of a batch, the weight of whose loss is this.
    fn gather(&mut self, batch: &TrainingBatch<T>, weight: f64) {
        if self.gathered.weight == 0.0 {
            self.gradient.fill(T::default());
        }
        self.gathered.weight += weight;
        if self.config.accumulate > 1 {
            let weight = T::from_f64(weight);
            self.doutput.iter_mut().for_each(|d| *d = *d * weight);
        }
        let gradients = Gradients { parameters: &mut self.gradient, state: None, input: None };
        self.engine.backward(batch.inputs(), &self.doutput, gradients);
    }

    /// Makes the update for the batches or pieces since the latest one, although they are fewer than
    /// [`LearnerConfig::accumulate`]: for the end of an epoch. Does nothing if there are none, or none with a target.
    ///
    /// # Errors
    /// If the gradient or the learning rate is not finite. The parameters are then those before the update.
    pub fn apply(&mut self) -> Result<(), NotFinite> {
        let Gathered { weight, .. } = std::mem::take(&mut self.gathered);
        if weight == 0.0 {
            return Ok(());
        }
        if self.config.accumulate > 1 {
            let share = T::from_f64(1.0 / weight);
            self.gradient.iter_mut().for_each(|g| *g = *g * share);
        }
        let norm = match self.config.clip {
            Some(max_norm) => clip_grad_norm(&mut self.gradient, max_norm),
            None => grad_norm(&self.gradient),
        };
        NotFinite::check("gradient norm", norm)?;
        NotFinite::check("learning rate", self.config.learning_rate)?;
        self.grad_norm = Some(norm);
        self.optimiser.update(&mut self.parameters, &self.gradient, self.config.learning_rate);
        self.loaded = false;
        Ok(())
    }

    /// The loss of a batch, without dropout and without learning from it. It may be no finite number.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    pub fn loss(&mut self, mut batch: &TrainingBatch<T>) -> f64 {
        // What is in memory is always there to be read.
        self.total(&mut batch).map_or(f64::NAN, Total::mean)
    }

    /// [`loss`](Self::loss) as a sum and its weight.
    pub fn total<B: Pieces<T>>(&mut self, batch: &mut B) -> Result<Total<f64>, B::Error> {
        let (seq_len, output_size) = (batch.seq_len(), self.network.output_size());
        if self.config.burn_in == 0
            && self.end_of_piece(0, seq_len) == seq_len
            && let Some(batch) = batch.whole()
        {
            self.run(batch.inputs());
            let (loss, output) = (&self.config.loss, self.engine.output());
            return Ok(loss.total_of(batch.outputs(), output, output_size, batch.targets()).to_f64());
        }
        // In the same pieces as in training: what all of a long sequence leaves at once takes much memory.
        let mut sum = Total::<f64>::default();
        let mut piece = std::mem::take(&mut self.piece);
        self.state.reset(batch.batch_size());
        let (burn_in, mut start) = (self.config.burn_in.min(seq_len), 0);
        while start < seq_len {
            let end = if start < burn_in { burn_in } else { self.end_of_piece(start, seq_len) };
            self.state.truncate(batch.active(start));
            let outputs = batch.cut(&self.network, start..end, &mut piece)?;
            self.forward(piece.inputs(), Mode::Predict);
            if start >= burn_in && !outputs.is_empty() {
                let output = &self.engine.output()[outputs.start * output_size..outputs.end * output_size];
                let loss = &self.config.loss;
                sum += loss.total_of(piece.outputs(), output, output_size, piece.targets()).to_f64();
            }
            start = end;
        }
        self.piece = piece;
        Ok(sum)
    }

    /// The network's outputs for each sequence of a batch, in the order in which the batch was made from them:
    /// `[output_len(length), O]`, see [`Network::output_len`]. Without dropout.
    ///
    /// # Panics
    /// If the batch does not have the network's input size.
    pub fn predict(&mut self, batch: &Batch<T>) -> Vec<Vec<T>> {
        self.run(batch);
        self.network.unpack(batch, self.engine.output())
    }

    /// Runs a batch from its start for nothing but its outputs.
    fn run(&mut self, batch: &Batch<T>) {
        self.state.reset(batch.packing().batch_size());
        self.forward(batch, Mode::Predict);
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How it learns.
    pub fn config(&self) -> &LearnerConfig {
        &self.config
    }

    /// The rate of the next steps; [`Schedule::rate`](crate::schedule::Schedule::rate) may tell it. One that is not finite is
    /// an error of the next update.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }

    /// The parameters as they are now, of the network's [`layout`](Network::layout).
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// The parameters, to be changed by other hands than the optimiser's.
    pub fn parameters_mut(&mut self) -> &mut [T] {
        self.loaded = false;
        &mut self.parameters
    }

    /// Has other parameters, as many, change places with these.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn swap_parameters(&mut self, others: &mut Vec<T>) {
        assert_eq!(others.len(), self.parameters.len(), "parameters of the network");
        std::mem::swap(&mut self.parameters, others);
        self.loaded = false;
    }

    /// The updates that were made.
    pub fn updates(&self) -> u64 {
        self.optimiser.updates()
    }

    /// The parameters; the rest is given up.
    pub fn into_parameters(self) -> Vec<T> {
        self.parameters
    }

    /// The optimiser with its memory.
    pub fn optimiser(&self) -> &Optimiser<T> {
        &self.optimiser
    }

    /// The steps that were begun.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The state that the sequences of the batch under way have reached.
    pub fn state(&self) -> &State<T> {
        &self.state
    }

    /// Counts a step as begun that another learner has begun, and gives the state that is to be that one's.
    pub fn resume_step(&mut self, batch_size: usize) -> &mut State<T> {
        self.steps += 1;
        self.state.reset(batch_size);
        &mut self.state
    }

    /// The gradient's norm, before clipping, at the latest update; none before the first.
    pub fn grad_norm(&self) -> Option<f64> {
        self.grad_norm
    }
}
