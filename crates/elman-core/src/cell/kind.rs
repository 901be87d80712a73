//! The one table of all cells: enum, names, lists and the way from a name to a type come from it.

use core::fmt;
use core::str::FromStr;

use super::Facts;
use crate::engine::Kernels;

/// Makes everything that there is once per cell out of the table.
macro_rules! cells {
    (($dollar:tt) $($(#[doc = $doc:literal])+ $Cell:ident = $name:literal,)+) => {
        /// Which cell the recurrent layers are built from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum CellKind {
            $($(#[doc = $doc])+ #[cfg_attr(feature = "serde", serde(rename = $name))] $Cell,)+
        }

        impl CellKind {
            /// All kinds, in the order in which they are listed to users.
            pub const ALL: [CellKind; [$($name),+].len()] = [$(CellKind::$Cell),+];

            /// The names of all kinds, in that order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name used on the command line and in files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(CellKind::$Cell => $name,)+
                }
            }

            /// The cell's constants.
            pub const fn facts(self) -> &'static Facts {
                match self {
                    $(CellKind::$Cell => &<super::$Cell as super::Cell>::FACTS,)+
                }
            }

            /// The cell's part of the `f32` engine.
            // Inlined elsewhere, it would have all kernels compiled there once more.
            #[inline(never)]
            pub fn kernels(self) -> &'static dyn Kernels {
                match self {
                    $(CellKind::$Cell => &crate::engine::Of::<super::$Cell>::NEW,)+
                }
            }
        }

        /// Evaluates an expression with a type that stands for the cell of a [`CellKind`]:
        /// `with_cell!(kind, C => C::STATES)`.
        #[macro_export]
        macro_rules! with_cell {
            ($dollar kind:expr, $dollar C:ident => $dollar body:expr) => {
                match $dollar kind {
                    $($crate::cell::CellKind::$Cell => {
                        type $dollar C = $crate::cell::$Cell;
                        $dollar body
                    })+
                    #[allow(unreachable_patterns, reason = "elsewhere than in this crate, the list is open")]
                    _ => unreachable!("all cells are in the table"),
                }
            };
        }
    };
}

cells! {
    ($)
    /// [`Elman`](super::Elman): tanh.
    Elman = "elman",
    /// [`ElmanRelu`](super::ElmanRelu): ReLU.
    ElmanRelu = "elman-relu",
    /// [`Gru`](super::Gru): reset after the recurrent product, as PyTorch.
    Gru = "gru",
    /// [`GruResetBefore`](super::GruResetBefore): reset before it, as Cho et al.
    GruResetBefore = "gru-reset-before",
    /// [`Lstm`](super::Lstm), without peepholes.
    Lstm = "lstm",
    /// [`MinGru`](super::MinGru): gates that see the input alone.
    MinGru = "min-gru",
    /// [`PeepholeLstm`](super::PeepholeLstm): gates that see the cell's state.
    PeepholeLstm = "peephole-lstm",
}

impl fmt::Display for CellKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No cell has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCell;

impl fmt::Display for UnknownCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not one of ")?;
        for (n, name) in CellKind::NAMES.iter().enumerate() {
            write!(f, "{}{name}", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownCell {}

impl FromStr for CellKind {
    type Err = UnknownCell;

    fn from_str(name: &str) -> Result<Self, UnknownCell> {
        CellKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownCell)
    }
}
