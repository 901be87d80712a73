//! The plain code: one sequence after the other, one number at a time, over any [`Scalar`].

mod chain;
mod layer;
mod recurrent;

use elman_core::block::Dropout;
use elman_core::lane::Scalar;

use layer::LayerTape;

use super::dropout::Masks;
use super::{Engine, Gradients, Kind, Mode, Network, Placed, State, Timelines, gradients_fit};
use crate::batch::{Batch, Packing};

impl Network {
    /// Runs the batch. [`Tape::output`] then holds the result.
    ///
    /// `parameters` has the length of [`layout`](Self::layout). `state` gives the initial states
    /// and is left with the final ones: of each sequence, those after its own last step (for a
    /// reverse layer, after its own first). A fresh state stands for [`initial_state`](Self::initial_state).
    ///
    /// # Panics
    /// If the batch, the parameters or the state do not have this network's sizes.
    pub fn forward<T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        state: &mut State<T>,
        mut mode: Mode<'_>,
        tape: &mut Tape<T>,
    ) {
        assert_eq!(parameters.len(), self.layout.len(), "number of parameters");
        assert_eq!(batch.input_size(), self.config.input_size, "values per timestep");
        assert_eq!(state.batch_size(), batch.packing().batch_size(), "sequences in state and batch");
        tape.began = self.begin(parameters, state);
        tape.timelines.set(&self.timelines, batch.packing());
        tape.blocks.resize_with(self.blocks.len(), BlockTape::default);
        for (n, placed) in self.blocks.iter().enumerate() {
            let (before, rest) = tape.blocks.split_at_mut(n);
            let x = before.last().map_or(batch.x(), |before| &before.output);
            let pass = Pass::of(placed, parameters, batch, &tape.timelines);
            placed.forward(pass, x, state, &mut mode, &mut rest[0]);
        }
    }

    /// Backpropagation through time for the batch that the tape was made from.
    ///
    /// `doutput` is d loss / d output, of the output's shape; `gradients` says what else is read and where
    /// the results go. If the pass began from a fresh state, the gradient of what is learned of it is among
    /// that of the parameters.
    ///
    /// # Panics
    /// If a slice does not have the size of the pass that made the tape.
    pub fn backward<T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        doutput: &[T],
        tape: &mut Tape<T>,
        gradients: Gradients<'_, T>,
    ) {
        assert_eq!(doutput.len(), tape.output().len(), "output and its gradient");
        assert_eq!(gradients.parameters.len(), self.layout.len(), "number of parameters");
        gradients_fit(batch, gradients.state.as_deref(), gradients.input.as_deref());
        // Where nobody asks for the states' gradients, they are still needed on the way.
        let mut own = tape.dstate.take().unwrap_or_else(|| self.zero_state(0));
        own.reset(batch.packing().batch_size());
        let Gradients { parameters: dparameters, state, input } = gradients;
        let mut gradients = AllGradients { parameters: dparameters, state: state.unwrap_or(&mut own), input };
        tape.dy.clear();
        tape.dy.extend_from_slice(doutput);
        let mut exchanged = false;
        for (n, placed) in self.blocks.iter().enumerate().rev() {
            let (before, rest) = tape.blocks.split_at_mut(n);
            match &placed.kind {
                // What enters these has the gradient of what leaves them, or nearly so.
                Kind::Dropout(_) => Dropout::apply(&rest[0].masks.dropout, &mut tape.dy),
                Kind::Skip(skip) => {
                    let rows = tape.dy.chunks_exact(placed.output_size);
                    let inputs = gradients
                        .input
                        .iter_mut()
                        .flat_map(|input| input.chunks_exact_mut(self.input_size()));
                    rows.zip(inputs).for_each(|(dy, dinput)| skip.add(dy, dinput));
                }
                _ => {
                    let x = before.last().map_or(batch.x(), |before| &before.output);
                    let wanted = n > 0 || gradients.input.is_some();
                    tape.dx.clear();
                    tape.dx.resize(if wanted { x.len() } else { 0 }, T::default());
                    let dx = wanted.then_some(tape.dx.as_mut_slice());
                    let pass = Pass::of(placed, parameters, batch, &tape.timelines);
                    placed.backward(pass, x, &mut tape.dy, dx, &mut gradients, &mut rest[0]);
                    std::mem::swap(&mut tape.dy, &mut tape.dx);
                    exchanged = !exchanged;
                }
            }
        }
        if let Some(input) = gradients.input {
            input.iter_mut().zip(&tape.dy).for_each(|(to, &d)| *to += d);
        }
        if exchanged {
            // Each in its place again, so that the next pass finds memory of the size it needs.
            std::mem::swap(&mut tape.dy, &mut tape.dx);
        }
        if tape.began {
            self.begin_backward(gradients.state, gradients.parameters);
        }
        tape.dstate = Some(own);
    }
}

/// What every block of a pass may read.
#[derive(Clone, Copy)]
struct Pass<'a, T> {
    parameters: &'a [T],
    batch: &'a Batch<T>,
    /// The time axis of what enters the block.
    from: &'a Packing,
    /// The time axis of what leaves it.
    to: &'a Packing,
}

impl<'a, T: Scalar> Pass<'a, T> {
    fn of(placed: &Placed, parameters: &'a [T], batch: &'a Batch<T>, timelines: &'a Timelines) -> Self {
        let packing = |time| timelines.packing(time, batch.packing());
        Pass { parameters, batch, from: packing(placed.input_time), to: packing(placed.output_time) }
    }
}

/// [`Gradients`], with a place for those of the states.
struct AllGradients<'a, T> {
    parameters: &'a mut [T],
    state: &'a mut State<T>,
    input: Option<&'a mut [T]>,
}

/// The workspace of a network: what the forward pass leaves for the backward pass. Sized by the
/// first batch, then reused.
#[derive(Clone, Debug, Default)]
pub struct Tape<T> {
    blocks: Vec<BlockTape<T>>,
    timelines: Timelines,
    /// Did the pass begin with what is learned of the initial state?
    began: bool,
    /// The gradients of a block's output and input, on their way down.
    dy: Vec<T>,
    dx: Vec<T>,
    dstate: Option<State<T>>,
}

impl<T> Tape<T> {
    /// The network's output, `[num_rows, O]`: its rows are those of [`Network::output_packing`], one for each
    /// timestep of the output, in the batch's own order.
    pub fn output(&self) -> &[T] {
        self.blocks.last().map_or(&[], |block| &block.output)
    }
}

/// What a block's forward pass leaves for its backward pass.
#[derive(Clone, Debug, Default)]
struct BlockTape<T> {
    /// `[rows, output_size]`
    output: Vec<T>,
    /// Of a recurrent block: one for each direction.
    layers: Vec<LayerTape<T>>,
    /// What was drawn.
    masks: Masks<T>,
    /// Of a pooling: the row of one sequence, as far as it has come.
    pool: Vec<T>,
}

/// The plain code as an [`Engine`], in one thread.
#[derive(Clone, Debug)]
pub struct ScalarEngine<T> {
    network: Network,
    parameters: Vec<T>,
    tape: Tape<T>,
}

impl<T: Scalar + std::fmt::Debug> Engine<T> for ScalarEngine<T> {
    fn new(network: &Network) -> Self {
        ScalarEngine { network: network.clone(), parameters: Vec::new(), tape: Tape::default() }
    }

    fn load(&mut self, parameters: &[T]) {
        assert_eq!(parameters.len(), self.network.layout().len(), "number of parameters");
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
    }

    fn forward(&mut self, batch: &Batch<T>, state: &mut State<T>, mode: Mode<'_>) -> &[T] {
        self.network.forward(&self.parameters, batch, state, mode, &mut self.tape);
        self.tape.output()
    }

    fn output(&self) -> &[T] {
        self.tape.output()
    }

    fn backward(&mut self, batch: &Batch<T>, doutput: &[T], gradients: Gradients<'_, T>) {
        self.network.backward(&self.parameters, batch, doutput, &mut self.tape, gradients);
    }
}
