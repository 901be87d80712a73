use super::TensorVisitor;
use crate::cell::CellKind;

/// A recurrent layer in one or both directions. Its equations are the cell's; [`step`](crate::step) carries a
/// sequence through them.
///
/// Its parameters are, for each direction, `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` (see
/// [`Weights`](crate::step::Weights)) and, where the initial state is learned, one tensor `[H]` per state of
/// the cell: `h0`, `c0`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Recurrent {
    /// The cell.
    pub cell: CellKind,
    /// `H`: units per direction.
    pub hidden_size: usize,
    /// The order in which it reads a sequence.
    pub direction: Direction,
    /// What it hands on.
    pub output: Output,
    /// Are the states from which a sequence starts parameters? Otherwise they are zero.
    pub learned_state: bool,
    /// Variational recurrent dropout (Gal & Ghahramani, A theoretically grounded application of dropout in recurrent neural
    /// networks, NeurIPS 2016): in training `W_hh h` becomes `W_hh (m * h)`, where each `m_i` is 0 with this probability `p`
    /// and otherwise `1 / (1 - p)`, drawn once for each sequence and direction and the same at every timestep. Of a cell
    /// that multiplies something else than `h`, as the GRU with its reset gate before the product, `m` is on that. What a cell
    /// does with `h` directly, such as keeping it, is not masked.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub recurrent_dropout: f64,
    /// [Zoneout](crate::zoneout): the probability with which a unit's `h` stays as it was before a step. In training that is
    /// drawn; elsewhere `h` is the mean, so that it remains part of the layer's equation.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub zoneout: f64,
    /// The same of the states beside `h`: `c` of an LSTM.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub zoneout_cell: f64,
}

#[cfg(feature = "serde")]
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// The order in which a recurrent layer reads a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Direction {
    /// From its first timestep.
    Forward,
    /// From its last timestep.
    Reverse,
    /// Both, with parameters of their own: `[h forward | h reverse]`.
    Both,
}

/// What a recurrent layer hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Output {
    /// `h` of every timestep.
    Every,
    /// The final `h`, one row per sequence: of both directions each at its own end of the sequence.
    Last,
}

impl Direction {
    /// For each direction, in the order of PyTorch: does it read a sequence from its end?
    pub const fn reversals(self) -> &'static [bool] {
        match self {
            Direction::Forward => &[false],
            Direction::Reverse => &[true],
            Direction::Both => &[false, true],
        }
    }

    /// `D`: 2 for both, else 1.
    pub const fn count(self) -> usize {
        self.reversals().len()
    }
}

impl Recurrent {
    /// A layer that reads forward, hands on `h` of every timestep and starts from zero states; without recurrent dropout
    /// and zoneout.
    pub const fn new(cell: CellKind, hidden_size: usize) -> Self {
        Recurrent {
            cell,
            hidden_size,
            direction: Direction::Forward,
            output: Output::Every,
            learned_state: false,
            recurrent_dropout: 0.0,
            zoneout: 0.0,
            zoneout_cell: 0.0,
        }
    }

    /// The same with another direction.
    #[must_use]
    pub const fn with_direction(self, direction: Direction) -> Self {
        Recurrent { direction, ..self }
    }

    /// The same with another output.
    #[must_use]
    pub const fn with_output(self, output: Output) -> Self {
        Recurrent { output, ..self }
    }

    /// The same with states to start from that are learned, or not.
    #[must_use]
    pub const fn with_learned_state(self, learned_state: bool) -> Self {
        Recurrent { learned_state, ..self }
    }

    /// The same with recurrent dropout of this probability.
    #[must_use]
    pub const fn with_recurrent_dropout(self, recurrent_dropout: f64) -> Self {
        Recurrent { recurrent_dropout, ..self }
    }

    /// The same with zoneout of these probabilities: of `h`, and of the states beside it.
    #[must_use]
    pub const fn with_zoneout(self, zoneout: f64, zoneout_cell: f64) -> Self {
        Recurrent { zoneout, zoneout_cell, ..self }
    }

    /// The probabilities of zoneout, of `h` and of the states beside it; `None` without zoneout.
    pub fn kept(&self) -> Option<[f64; 2]> {
        let shares = [self.zoneout, self.zoneout_cell];
        (shares != [0.0; 2]).then_some(shares)
    }

    /// `D * H`
    pub const fn output_size(&self) -> usize {
        self.direction.count().saturating_mul(self.hidden_size)
    }

    /// The values of the states of one direction: `STATES * H`.
    pub const fn state_size(&self) -> usize {
        self.cell.facts().states.saturating_mul(self.hidden_size)
    }

    /// The weights and biases of one direction, in order.
    pub fn tensors(&self, input_size: usize, visit: TensorVisitor<'_>) {
        let facts = self.cell.facts();
        let rows = |gates: usize| self.hidden_size.saturating_mul(gates);
        visit(format_args!("weight_ih"), &[rows(facts.from_x), input_size]);
        visit(format_args!("weight_hh"), &[rows(facts.from_h), self.hidden_size]);
        visit(format_args!("bias_ih"), &[rows(facts.from_x)]);
        visit(format_args!("bias_hh"), &[rows(facts.from_h)]);
        visit(format_args!("{}", facts.unit_name), &[rows(facts.unit)]);
    }

    /// The learned initial states of one direction, in order; none unless they are learned.
    pub fn initial_states(&self, visit: TensorVisitor<'_>) {
        if self.learned_state {
            for state in self.cell.facts().state_names {
                visit(format_args!("{state}0"), &[self.hidden_size]);
            }
        }
    }
}
