//! Every constant that a measurement has decided, and what was measured.
//!
//! A change here changes times; [`chains`], [`GROUP`]'s place in sums aside, and everything that says "bits" below
//! changes results in their last places as well. Unless another machine is named, figures are of two cores of an AMD
//! EPYC of the Zen 4 kind (AVX-512; 32 KB, 1 MB and 32 MB of caches), November 2026, by a private program that runs
//! two versions in turn and compares the fastest rounds.

use core::time::Duration;

use crate::isa::Isa;
use crate::tile::MAX_VECTORS;
use crate::vector::Vector;

// Register tiles.

/// The rows whose sums are handed over to a cell's equation at a time: a multiple of the heights of full tiles (3, 4,
/// 6 and 8), with sums that stay in the first cache.
pub const GROUP: usize = 24;

/// The most columns that all tiles are done with before they go on to the next ones: a piece of the panel of
/// 256 KB and the next piece, which is asked for meanwhile, fit a second cache beside the rows. Sums of
/// more columns go by way of the scratch, which changes no bit of them. With whole panels, those of an
/// LSTM's backward pass at 1024 units, of 1 MB, made a step a quarter slower.
pub const PIECE: usize = 1024;

/// The values of a panel from which on tiles ask ahead for the next one. Layers of shorter panels are in the second cache
/// as a whole, and with a few units what there is to ask for takes as long to work out as a tenth of a tile's sums.
pub const LEAST_AHEAD: usize = 4096;

/// The height of a full tile of so many vectors: what the registers hold, with four to eight left for operands. With 16
/// registers (AVX2, Zen 3) one operand more in registers sent two sums to memory and back at each step, which
/// made a GRU's products half as fast.
pub const fn max_height<S: Isa>(vectors: usize) -> usize {
    let many_registers = Vector::<S>::LANES == 16 || cfg!(target_arch = "aarch64");
    match (vectors, many_registers) {
        (1, _) | (2 | 3, true) => 8,
        (4, true) | (2, false) => 6,
        (3, false) => 4,
        (6, false) => 2,
        _ => 3,
    }
}

/// Do rows of at most so many values take less time in vectors of 8 lanes than in those of 16, in which they have the same
/// bits? Where they do not fill more than half of one of 16, networks of 5 to 8 units took 3 to 20 % less, in training, in
/// sequences and as streams. Where they fill three of 8 but not four, it is up to what is computed of them (`in_threes`):
/// Elman networks of 17 to 24 units took 2 to 16 % less, other cells 2 to 9 % less in batches but up to a quarter more in
/// sequences.
pub const fn suits_eight_lanes(width: usize, in_threes: bool) -> bool {
    match width {
        ..=8 => true,
        17..=24 => in_threes,
        _ => false,
    }
}

/// The chains in which a sum over the units of a layer, or in the backward pass over their d pre-activations,
/// gate by gate, is formed: with `n` chains, chain `c` takes the units `c`, `c + n`,
/// `c + 2 n` and so on, and [`total`](crate::tile::total) joins them. It decides bits.
///
/// A multiply-add waits four cycles for the one before it in its chain. A few units fill one or two
/// vectors, too few sums to fill that time in a tile of a single row. What the chains take of the
/// registers, the tile gives up in width: see [`most_vectors`].
pub const fn chains(hidden_size: usize) -> usize {
    match hidden_size {
        5..=16 => 4,
        17..=32 => 2,
        _ => 1,
    }
}

/// The vectors that a panel is wide at most, where sums are formed in so many chains and units fill so many vectors:
/// as many as leave [`MAX_VECTORS`] sums to a row. But three vectors in two chains, 17 to 24 units in vectors of 8, stay
/// together: as two of them and then one, neither filled the time that its sums wait. A single sequence takes 14 to 24 %
/// less time in training so, 16 sequences 4 to 15 % (AVX2, 20 units).
pub const fn most_vectors(chains: usize, vectors: usize) -> usize {
    if chains == 2 && vectors == 3 { 3 } else { MAX_VECTORS / chains }
}

/// The most sequences whose rows go through a step one by one, in vectors of so many lanes, where a unit has `pre`
/// pre-activations. A tile has at most three rows of 9 to 16 units in their four chains, of which each is three or four turns
/// long: with AVX2, 16 sequences of 12 Elman units take 17 % less time one by one, of GRU units 6 %; of 28 Elman units 5 %. Four
/// sequences of up to 32 units take up to 41 % less with AVX2, with AVX-512 up to 9 %; what is left to tiles, 0 to 4 % more.
pub const fn one_by_one(lanes: usize, hidden_size: usize, pre: usize) -> usize {
    match (lanes, hidden_size) {
        (8, 9..=16) => usize::MAX,
        (8, 25..=32) if pre == 1 => usize::MAX,
        (16, 9..=16) => 3,
        (8 | 16, ..=32) => 4,
        _ => 1,
    }
}

/// The values of weights that the first cache holds: 48 KB. From there, the sums of a full panel of a single row do not
/// fill the four cycles that each multiply-add of a chain waits, and two panels go side by side.
pub const FIRST_CACHE: usize = 12 << 10;

// The weight gradient.

/// The rows that all tiles of an outer product are done with before they go on to the next ones: the first cache holds
/// four vectors of `d` and a cache line of `a` of so many. With all rows of a block at a time, `d` came from the
/// second cache for each tile anew, which took a third longer at 32 units (AVX2, 32 KB, Zen 3). It decides bits.
pub const AT_A_TIME: usize = 80;

/// The rows to add at a time, for `columns` columns of `a`: the more, the rarer all sums are fetched from beyond
/// the second cache; as many as leave the rows of `a` room in it.
pub const fn block_rows(columns: usize) -> usize {
    let times = (96 << 10) / (columns + 1) / AT_A_TIME;
    let times = if times < 1 {
        1
    } else if times > 6 {
        6
    } else {
        times
    };
    times * AT_A_TIME
}

/// Values beyond which rows are not read in place but gathered: half a second cache.
pub const IN_PLACE: usize = (512 << 10) / size_of::<f32>();

/// How many times more rows than columns make it worth while that chunks sum up the gradient each for itself. It
/// decides bits.
pub const ROWS_PER_COLUMN: usize = 3;

/// The fewest rows that are worth fetching all sums for. It decides bits.
pub const LEAST_ROWS: usize = 160;

/// Panels are cut between threads at multiples of so many columns: whole tiles of any height.
pub const CUT: usize = 24;

// Chunks of a batch. All of these decide bits.

/// Sequences per chunk: the tiles of a step want rows.
pub const SEQUENCES: usize = 16;

/// Where all layers have fewer weights than this, two sequences are chunks of one each, whose steps go by the functions of
/// single rows: up to 24 units, training takes 5 to 40 % less time so with AVX2, with AVX-512 between 4 % more and 20 % less; and
/// a second thread has something to do.
pub const ALONE_BELOW: usize = 5000;

/// And as many timesteps they have at least, both together: chunks of fewer cost more than single rows save.
pub const ALONE_ROWS: usize = 24;

/// The weights of a layer that do not stay in a core's second cache. Each chunk reads them anew every
/// step, so that its sequences should be more: 16 would want 8 bytes per cycle and core.
pub const LARGE: usize = 256 << 10;

/// Sequences per chunk where a layer is [`LARGE`].
pub const SEQUENCES_OF_LARGE: usize = 32;

/// The most chunks of a batch: enough for 64 cores, few enough for their sums of the weight gradient.
pub const MAX_CHUNKS: usize = 64;

// Threads.

/// Rows times parameters below which a second thread does not pay, where chunks are all that is handed
/// over: some 12 us of a training step on one thread.
pub const LEAST_WORK: usize = 120_000;

/// How many times more a training step has to be where the weight gradient is shared out by panels, for
/// which each thread reads what the others wrote.
pub const BY_PANELS: usize = 12;

/// And where that is all that can be shared out, for lack of chunks: by workers that had to wait.
pub const BY_PANELS_ALONE: usize = 80;

/// The weights of a layer from which on its steps are worth splitting by units between two threads: to read them
/// takes some 4 us. Half as many made steps slower by a fifth: it takes half a microsecond to hand a piece
/// of work over, and a few times that to fetch the states that the other core wrote. Twice as many made them
/// faster by a third.
pub const LEAST_SPLIT: usize = 160_000;

/// The rows whose inputs are multiplied at a time where steps are split by units.
pub const PROJECTED_ROWS: usize = 48;

/// The inputs' weights of a layer from which on those of a single sequence are worth multiplying many timesteps at a
/// time, whatever the threads: read once rather than every step. With 8,000, sequences took 12 to 18 % less time (LSTM
/// at 32,64, Elman at 64,128), with 4,000 or less between 5 % less and 5 % more; the more, the better.
pub const LEAST_PROJECTED: usize = 8_000;

/// How long a worker looks for work before it sleeps: more than the single-threaded part of a training step that is
/// worth two threads.
pub const PATIENCE: Duration = Duration::from_micros(100);

/// How often a worker looks for work between looks at the clock, which take longer.
pub const LOOKS: u32 = 32;

/// So many steps of a stream in quick succession are taken for more to come.
pub const QUICK_STEPS: u32 = 8;

// Packing.

/// The parameters up to which a network is packed by a list of moves, value by value, if its layers have fewer than
/// [`SMALL_UNITS`] units. `f32` must hold the numbers of all places in the panels, which are at most 16 times as many.
pub const SMALL: usize = 4096;

/// See [`SMALL`]: from 16 units on, matrices have whole squares, which are transposed in registers.
pub const SMALL_UNITS: usize = 16;
