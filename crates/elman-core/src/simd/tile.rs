//! The register tile: the sums `rows x vectors` that stay in registers while the depth runs by.
//!
//! ```text
//!              panel [depth][vectors][lanes]
//!                 | b0  b1  b2  b3 |     one step of the depth: `vectors` loads,
//!   rows[0][k] -> | +=  +=  +=  += |     one broadcast per row,
//!   rows[1][k] -> | +=  +=  +=  += |     rows x vectors multiply-adds
//!      ...
//! ```
//!
//! A tile of `m` rows and `v` vectors makes `m v` multiply-adds from `m + v` loads, so it should be
//! large and near square; it must fit the registers, with room for the operands. With 32 registers
//! (AVX-512, NEON) 6 x 4 and 8 x 3 leave 8, with 16 (AVX2) 3 x 4, 4 x 3 and 6 x 2 leave 4: there one
//! operand more in registers (see `add_outer`) sends two sums to memory and back at each step, which
//! made a GRU's products half as fast.
//!
//! Every sum is one chain over the depth, in order, or a few (see `chains`), whatever the height of its
//! tile: that is why a row alone (a stream) gives the bits of a row among many (a batch).
//!
//! The accumulators are a local array that is written to a scratch once, and what follows reads
//! from there. An epilogue that worked on the accumulators in place made the compiler keep them in
//! memory all along: 45 % of peak in place of 90 %.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use fearless_simd::Simd;

use super::prefetch::{LINE, prefetch};
use super::vector::Vector;
use crate::lane::Lane;

/// The most vectors that a panel is wide, and so the most pre-activations that a cell may have.
pub const MAX_VECTORS: usize = 4;

/// The rows whose sums are handed over at a time: a multiple of the heights of full tiles (3, 4, 6
/// and 8), with sums that stay in the first cache.
pub const GROUP: usize = 24;

/// The length of a scratch for whole groups: the sums `[GROUP][vectors][lanes]` on their way from the
/// registers to an epilogue.
pub const SCRATCH: usize = GROUP * SCRATCH_OF_ROW;

/// The length of a scratch for a single row.
pub const SCRATCH_OF_ROW: usize = MAX_VECTORS * 16;

/// Rows of a matrix: row `n` starts at `data[n * stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The values, from the first row's start on.
    pub data: &'a [f32],
    /// From one row's start to the next one's.
    pub stride: usize,
}

impl<'a> Rows<'a> {
    /// The rows from `first` on.
    #[inline(always)]
    pub fn from(self, first: usize) -> Rows<'a> {
        Rows { data: &self.data[first * self.stride..], stride: self.stride }
    }
}

/// Which values of a row count: `runs` runs of `depth` values, their starts `stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The number of runs.
    pub runs: usize,
    /// The values of a run.
    pub depth: usize,
    /// From one run's start to the next one's.
    pub stride: usize,
}

impl Columns {
    /// One run of `depth` values.
    pub const fn dense(depth: usize) -> Self {
        Columns { runs: 1, depth, stride: depth }
    }

    /// The values that count.
    pub const fn len(self) -> usize {
        self.runs * self.depth
    }

    /// Is there none?
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The chains in which a sum over the units of a layer, or on the way back over their d pre-activations,
/// gate by gate, is formed: with `n` chains, chain `c` takes the units `c`, `c + n`,
/// `c + 2 n` and so on, and [`total`] joins them.
///
/// A multiply-add waits four cycles for the one before it in its chain. A few units fill one or two
/// vectors, too few sums to fill that time in a tile of a single row. What the chains take of the
/// registers, the tile gives up in width: `vectors` times `chains` are at most [`MAX_VECTORS`].
pub(super) const fn chains(hidden_size: usize) -> usize {
    match hidden_size {
        5..=16 => 4,
        17..=32 => 2,
        _ => 1,
    }
}

/// The sum of a sum's chains.
#[inline(always)]
pub(super) fn total<S: Simd, const CHAINS: usize>(mut chains: [Vector<S>; CHAINS]) -> Vector<S> {
    let mut count = CHAINS;
    while count > 1 {
        count /= 2;
        for c in 0..count {
            chains[c] = chains[c] + chains[c + count];
        }
    }
    chains[0]
}

/// The height of a full tile of so many vectors.
pub(super) const fn max_height<S: Simd>(vectors: usize) -> usize {
    let many_registers = Vector::<S>::LANES == 16 || cfg!(target_arch = "aarch64");
    match (vectors, many_registers) {
        (1, _) | (2 | 3, true) => 8,
        (4, true) | (2, false) => 6,
        (3, false) => 4,
        _ => 3,
    }
}

/// The height of the next tile where so many rows are left: a tile of a single row would take longer than
/// its share.
pub(super) const fn next_height(rows: usize, max: usize) -> usize {
    if rows == max + 1 {
        rows.div_ceil(2)
    } else if rows < max {
        rows
    } else {
        max
    }
}

/// Cuts `$rows` rows into tiles: runs `$body` with `$first` as a tile's first row and the constant
/// `$HEIGHT` as its height. Heights above `$max` are not compiled.
macro_rules! for_tiles {
    ($rows:expr, $max:expr, |$first:ident, $HEIGHT:ident| $body:expr) => {{
        let rows: usize = $rows;
        let mut $first = 0;
        while $first < rows {
            macro_rules! tile {
                ($height:literal) => {{
                    const $HEIGHT: usize = $height;
                    $body;
                    $first += $height;
                }};
            }
            match $crate::simd::tile::next_height(rows - $first, $max) {
                8 if const { 8 <= $max } => tile!(8),
                7 if const { 7 <= $max } => tile!(7),
                6 if const { 6 <= $max } => tile!(6),
                5 if const { 5 <= $max } => tile!(5),
                4 if const { 4 <= $max } => tile!(4),
                3 if const { 3 <= $max } => tile!(3),
                2 => tile!(2),
                _ => tile!(1),
            }
        }
    }};
}
pub(super) use for_tiles;

/// Rows, and the panel `[columns][vectors][lanes]` that they are multiplied with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) columns: Columns,
    pub(super) panel: &'a [f32],
}

impl<'a> Factor<'a> {
    /// No columns, which add nothing.
    const NONE: Self = Factor {
        rows: Rows { data: &[], stride: 0 },
        columns: Columns { runs: 0, depth: 0, stride: 0 },
        panel: &[],
    };

    /// The values of a row's run.
    #[inline(always)]
    fn run(&self, row: usize, run: usize) -> &'a [f32] {
        &self.rows.data[row * self.rows.stride + run * self.columns.stride..][..self.columns.depth]
    }
}

/// What the sums of a product begin with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    /// 0
    Zero,
    /// The same for all rows, `[vectors][lanes]`.
    Bias(&'a [f32]),
    /// What stands in their places.
    Present,
}

/// A matrix product: the `count` rows from the `first` on of a matrix times its panel; or of two matrices, as
/// input and state are, one after the other. To add the second product in the same tiles, rather than in
/// tiles of its own, made a layer of 32 units 15 % faster on the way forward. Two have at most [`PIECE`]
/// columns together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product<'a> {
    pub(super) start: Start<'a>,
    /// Added first, in one chain.
    pub(super) inputs: Factor<'a>,
    /// Added then, in so many chains: see [`chains`].
    pub(super) factor: Factor<'a>,
    pub(super) chains: usize,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) vectors: usize,
    /// What is read after the panels.
    pub(super) next: &'a [f32],
}

/// The most columns that all tiles are done with before they go on to the next ones: a piece of the panel of
/// 256 KB and the next piece, which is asked for meanwhile, fit a second cache beside the rows. Sums of
/// more columns go by way of the scratch, which changes no bit of them. With whole panels, those of an
/// LSTM's way back at 1024 units, of 1 MB, made a step a quarter slower.
pub(super) const PIECE: usize = 1024;

/// Where the sums of a product stand: `vectors` from the `first` on in rows that are `width` vectors wide.
struct Sums<'a> {
    scratch: &'a mut [f32],
    first: usize,
    width: usize,
}

impl<'a> Product<'a> {
    /// That of one matrix, for all of a group of `count` rows from the `first` on, to `vectors` vectors.
    #[inline(always)]
    pub(super) fn of(factor: Factor<'a>, (first, count): (usize, usize), vectors: usize) -> Self {
        let (start, inputs, chains, next) = (Start::Zero, Factor::NONE, 1, &[][..]);
        Product { start, inputs, factor, chains, first, count, vectors, next }
    }

    /// Leaves the sums in the scratch, in rows `vectors` wide.
    #[inline(always)]
    pub(super) fn put<S: Simd>(&self, s: S, scratch: &mut [f32]) {
        self.tiles(s, Sums { scratch, first: 0, width: self.vectors });
    }

    /// Leaves them in the vectors from `first` on of the scratch's rows, which are `width` wide.
    #[inline(always)]
    pub(super) fn put_at<S: Simd>(&self, s: S, scratch: &mut [f32], first: usize, width: usize) {
        self.tiles(s, Sums { scratch, first, width });
    }

    /// A function of its own for each instruction set, and not for each cell and place of use:
    /// inlined everywhere, these loops made a build of seven minutes.
    #[inline(never)]
    fn tiles<S: Simd>(&self, s: S, sums: Sums<'_>) {
        s.vectorize(
            #[inline(always)]
            || match (self.vectors, self.chains) {
                (0, _) => {}
                (1, 1) => self.tiles_of_width::<S, 1, 1>(s, sums),
                (2, 1) => self.tiles_of_width::<S, 2, 1>(s, sums),
                (3, 1) => self.tiles_of_width::<S, 3, 1>(s, sums),
                (4, 1) => self.tiles_of_width::<S, 4, 1>(s, sums),
                (1, 2) => self.tiles_of_width::<S, 1, 2>(s, sums),
                (2, 2) => self.tiles_of_width::<S, 2, 2>(s, sums),
                (1, 4) => self.tiles_of_width::<S, 1, 4>(s, sums),
                (vectors, chains) => unreachable!("{vectors} vectors, {chains} chains"),
            },
        );
    }

    #[inline(always)]
    fn tiles_of_width<S: Simd, const VECTORS: usize, const CHAINS: usize>(&self, s: S, mut sums: Sums<'_>) {
        let pieces = if CHAINS == 1 && self.factor.columns.len() > PIECE { self.num_pieces() } else { 1 };
        for n in 0..pieces {
            let piece = if pieces > 1 { self.piece(n) } else { *self };
            for_tiles!(self.count, max_height::<S>(VECTORS * CHAINS), |row, HEIGHT| {
                piece.tile::<S, HEIGHT, VECTORS, CHAINS>(s, row, &mut sums);
            });
        }
    }

    fn num_pieces(&self) -> usize {
        self.factor.columns.runs * self.factor.columns.depth.div_ceil(PIECE)
    }

    /// The product with the `n`-th piece of the factor's columns, of one run each.
    fn piece(&self, n: usize) -> Self {
        debug_assert!(self.inputs.columns.is_empty(), "only a product of one matrix is cut");
        let Factor { rows, columns, panel } = self.factor;
        let Columns { runs: _, depth, stride } = columns;
        let pieces = depth.div_ceil(PIECE);
        let (run, from) = (n / pieces, n % pieces * PIECE);
        let width = panel.len() / columns.len();
        let columns = Columns::dense(PIECE.min(depth - from));
        let (panel, rest) = panel[(run * depth + from) * width..].split_at(columns.len() * width);
        let next = if rest.is_empty() { self.next } else { rest };
        let rows = Rows { data: &rows.data[run * stride + from..], ..rows };
        let start = if n == 0 { self.start } else { Start::Present };
        Product { start, factor: Factor { rows, columns, panel }, next, ..*self }
    }

    /// What the tile from `row` on, after tiles of `height` rows, asks for of what is read next: as many cache
    /// lines as it is deep; nothing new if the tiles before have asked for as much as the panels are long.
    #[inline(always)]
    fn ahead(&self, row: usize, height: usize) -> Ahead<'a> {
        let depth = self.inputs.columns.len() + self.factor.columns.len();
        let len = self.inputs.panel.len() + self.factor.panel.len();
        let at = (self.first + row).div_ceil(height) * depth * LINE;
        match self.next.get(at..) {
            Some(next) if at < len && !next.is_empty() => Ahead { of: next, at: 0, line: LINE },
            _ => Ahead { of: self.factor.panel, at: 0, line: 0 },
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const HEIGHT: usize, const VECTORS: usize, const CHAINS: usize>(
        &self,
        s: S,
        row: usize,
        to: &mut Sums<'_>,
    ) {
        let lanes = Vector::<S>::LANES;
        let width = VECTORS * lanes;
        let places = |r: usize| ((row + r) * to.width + to.first) * lanes;
        let zero = Vector::splat(s, 0.0);
        let mut sums = [[[zero; VECTORS]; HEIGHT]; CHAINS];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                let bias = &bias[..width];
                for v in 0..VECTORS {
                    let bias = Vector::load(s, bias, v * lanes);
                    for r in 0..HEIGHT {
                        sums[0][r][v] = bias;
                    }
                }
            }
            Start::Present => {
                for r in 0..HEIGHT {
                    let from = &to.scratch[places(r)..][..width];
                    for v in 0..VECTORS {
                        sums[0][r][v] = Vector::load(s, from, v * lanes);
                    }
                }
            }
        }
        let (first, mut ahead) = (self.first + row, self.ahead(row, max_height::<S>(VECTORS * CHAINS)));
        accumulate::<S, HEIGHT, VECTORS, CHAINS, 1>(s, &mut sums, &self.inputs, first, &mut ahead);
        accumulate::<S, HEIGHT, VECTORS, CHAINS, CHAINS>(s, &mut sums, &self.factor, first, &mut ahead);
        for r in 0..HEIGHT {
            let to = &mut to.scratch[places(r)..][..width];
            for v in 0..VECTORS {
                let mut chains = [zero; CHAINS];
                for c in 0..CHAINS {
                    chains[c] = sums[c][r][v];
                }
                total(chains).store(to, v * lanes);
            }
        }
    }
}

/// What a tile asks for ahead: one value of each cache line.
struct Ahead<'a> {
    of: &'a [f32],
    at: usize,
    line: usize,
}

/// Adds a factor's product for the rows from `first` on, in `USED` of the chains.
#[inline(always)]
fn accumulate<S: Simd, const HEIGHT: usize, const VECTORS: usize, const CHAINS: usize, const USED: usize>(
    s: S,
    sums: &mut [[[Vector<S>; VECTORS]; HEIGHT]; CHAINS],
    factor: &Factor<'_>,
    first: usize,
    ahead: &mut Ahead<'_>,
) {
    let width = VECTORS * Vector::<S>::LANES;
    let Columns { runs, depth, .. } = factor.columns;
    for run in 0..runs {
        let mut rows = [&[][..]; HEIGHT];
        for r in 0..HEIGHT {
            rows[r] = factor.run(first + r, run);
        }
        let panel = &factor.panel[run * depth * width..][..depth * width];
        let turns = depth / USED;
        let (whole, rest) = panel.split_at(turns * USED * width);
        for (turn, b) in (0..turns).zip(whole.chunks_exact(USED * width)) {
            // A single row asks for its own panel as fast as that comes.
            if USED == 1 && HEIGHT > 1 {
                prefetch(s, ahead.of, ahead.at);
                ahead.at += ahead.line;
            }
            for c in 0..USED {
                add_outer(
                    s,
                    &mut sums[c],
                    #[inline(always)]
                    |r| rows[r][turn * USED + c],
                    &b[c * width..],
                );
            }
        }
        for (c, b) in (0..USED - 1).zip(rest.chunks_exact(width)) {
            add_outer(
                s,
                &mut sums[c],
                #[inline(always)]
                |r| rows[r][turns * USED + c],
                b,
            );
        }
    }
}

/// `sums[r][v] += a(r) * b[v]`. Of the operands the fewer are held in registers, and the others come one
/// at a time.
#[inline(always)]
pub(super) fn add_outer<S: Simd, const HEIGHT: usize, const VECTORS: usize>(
    s: S,
    sums: &mut [[Vector<S>; VECTORS]; HEIGHT],
    a: impl Fn(usize) -> f32,
    b: &[f32],
) {
    let lanes = Vector::<S>::LANES;
    let b = &b[..VECTORS * lanes];
    if HEIGHT > VECTORS {
        let mut vectors = [Vector::splat(s, 0.0); VECTORS];
        for v in 0..VECTORS {
            vectors[v] = Vector::load(s, b, v * lanes);
        }
        for r in 0..HEIGHT {
            let a = Vector::splat(s, a(r));
            for v in 0..VECTORS {
                sums[r][v] = a.mul_add(vectors[v], sums[r][v]);
            }
        }
    } else {
        for v in 0..VECTORS {
            let b = Vector::load(s, b, v * lanes);
            for r in 0..HEIGHT {
                sums[r][v] = Vector::splat(s, a(r)).mul_add(b, sums[r][v]);
            }
        }
    }
}

/// Sets the last vectors of `rows` rows of a scratch, which are `width` vectors wide, to `values`.
#[inline(always)]
pub(super) fn fill<S: Simd>(s: S, scratch: &mut [f32], rows: usize, values: &[f32], width: usize) {
    let lanes = Vector::<S>::LANES;
    for at in (0..values.len()).step_by(lanes) {
        let value = Vector::load(s, values, at);
        for row in 0..rows {
            value.store(scratch, (row + 1) * width * lanes - values.len() + at);
        }
    }
}

/// A vector of a row of a scratch, where rows are `width` vectors wide.
#[inline(always)]
pub(super) fn load<S: Simd>(s: S, scratch: &[f32], row: usize, width: usize, vector: usize) -> Vector<S> {
    Vector::load(s, scratch, (row * width + vector) * Vector::<S>::LANES)
}
