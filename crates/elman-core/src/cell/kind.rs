//! The cells by name.

use core::fmt;
use core::str::FromStr;

/// Which cell a recurrent layer is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum CellKind {
    /// [`Elman`](super::Elman): tanh.
    Elman,
    /// [`ElmanRelu`](super::ElmanRelu).
    ElmanRelu,
    /// [`Gru`](super::Gru): reset after the recurrent product, as PyTorch.
    Gru,
    /// [`GruResetBefore`](super::GruResetBefore): reset before it, as Cho et al.
    GruResetBefore,
    /// [`Lstm`](super::Lstm).
    Lstm,
}

impl CellKind {
    /// All kinds, in the order in which they are listed to users.
    pub const ALL: [CellKind; 5] =
        [CellKind::Elman, CellKind::ElmanRelu, CellKind::Gru, CellKind::GruResetBefore, CellKind::Lstm];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            CellKind::Elman => "elman",
            CellKind::ElmanRelu => "elman-relu",
            CellKind::Gru => "gru",
            CellKind::GruResetBefore => "gru-reset-before",
            CellKind::Lstm => "lstm",
        }
    }
}

impl fmt::Display for CellKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCell;

impl fmt::Display for UnknownCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell is not one of ")?;
        for (n, kind) in CellKind::ALL.into_iter().enumerate() {
            write!(f, "{}{kind}", if n == 0 { "" } else { ", " })?;
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

/// Runs `$body` with `$C` standing for the cell type that `$kind` names.
#[macro_export]
macro_rules! with_cell {
    ($kind:expr, $C:ident => $body:expr) => {
        match $kind {
            $crate::cell::CellKind::Elman => {
                type $C = $crate::cell::Elman;
                $body
            }
            $crate::cell::CellKind::ElmanRelu => {
                type $C = $crate::cell::ElmanRelu;
                $body
            }
            $crate::cell::CellKind::Gru => {
                type $C = $crate::cell::Gru;
                $body
            }
            $crate::cell::CellKind::GruResetBefore => {
                type $C = $crate::cell::GruResetBefore;
                $body
            }
            $crate::cell::CellKind::Lstm => {
                type $C = $crate::cell::Lstm;
                $body
            }
        }
    };
}
