//! After the first step of a shape, a training step and a streaming step allocate nothing; what is learned from a file that is
//! read where it stands takes no memory that grows with it.
//!
//! The allocator counts for the whole process, so this test is a program of its own, without the
//! test harness and its threads.
#![allow(unsafe_code, reason = "an allocator is unsafe to implement")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use elman::audio::{Pair, Recordings, Track};
use elman::float::Float;
use elman::init::Init;
use elman::learner::{Learner, LearnerConfig};
use elman::loss::{Loss, Targets};
use elman::network::{
    Activation, CellKind, Dense, Direction, Dropout, LayerNorm, Network, NetworkConfig, Patch, Pooling,
    PoolingKind, Readout, Recurrent, Skip, Stacked,
};
use elman::optimiser::OptimiserConfig;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::sequence::{Example, TrainingBatch};
use elman::table::Table;
use elman::task::{ForecastOptions, LabelOptions, Task, TaskOptions, TextOptions, Transform};
use elman::train::{Control, Ended, Event};

/// The workers that a first step starts take a moment to come up, with memory of their own.
const COMING_UP: Duration = Duration::from_millis(20);

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// The bytes that are taken, and the most that were.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let taken = TAKEN.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(taken, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations while `f` runs.
fn allocations(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    f();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// The most bytes that `f` takes at once.
fn peak(f: impl FnOnce()) -> usize {
    let before = TAKEN.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    f();
    PEAK.load(Ordering::Relaxed) - before
}

/// Some first steps of a run on a table.
fn first_steps(table: &Table, options: &TaskOptions) {
    let prepared = Task::prepare(table, options).unwrap();
    let recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
    let mut run = Run::new(&recipe, &prepared).unwrap();
    let mut steps = 0;
    let mut stop = |event: &Event<'_>| match event {
        Event::Batch { .. } if steps < 20 => {
            steps += 1;
            Control::Continue
        }
        _ => Control::Stop,
    };
    assert_eq!(run.train(&mut [&mut stop]).unwrap(), Ended::Interrupted);
}

/// A text of 18 MB, which took 29 bytes for each character where all was in memory.
fn a_text_in_its_file() {
    const CHARACTERS: usize = 18_000_000;
    const MOST: usize = 10 << 20;
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = "What is read where it stands is never here as a whole.\n";
    std::fs::write(file.path(), line.repeat(CHARACTERS / line.len())).unwrap();
    let taken = peak(|| {
        let table = Table::open_text(file.path()).unwrap();
        first_steps(&table, &TaskOptions::Text(TextOptions::default()));
    });
    assert!(taken < MOST, "{taken} bytes");
}

/// A pair of recordings of 9 million samples, in files of 18 MB each, which as rows of a table take 1.9 GB.
fn recordings_in_their_files() {
    const SAMPLES: usize = 9_000_000;
    // The latest blocks of both, what the search for the delay looks at, and what a step of 32 pieces leaves.
    const MOST: usize = 28 << 20;
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str, level: i64| {
        let sample = |n: usize| ((n * n % 1013) as i64 * level - 506 * level) as i16;
        let bytes: Vec<u8> = (0..SAMPLES).flat_map(|n| sample(n).to_le_bytes()).collect();
        let (size, path) = (bytes.len() as u32, folder.path().join(name));
        let mut head = [b"RIFF".as_slice(), &(36 + size).to_le_bytes(), b"WAVEfmt "].concat();
        head.extend([16, 0, 0, 0, 1, 0, 1, 0]);
        head.extend([48_000u32, 96_000].map(u32::to_le_bytes).concat());
        head.extend([2, 0, 16, 0]);
        head.extend([b"data".as_slice(), &size.to_le_bytes(), &bytes].concat());
        std::fs::write(&path, head).unwrap();
        path
    };
    let (input, target) = (record("in.wav", 20), record("out.wav", 30));
    let taken = peak(|| {
        let [input, target] = [&input, &target].map(|path| Track::open(path, None).unwrap());
        let recordings = Recordings::new(&[Pair::new(input, target, &[]).unwrap()], &[]).unwrap();
        let options = LabelOptions::default().with_sound(recordings.sound().clone()).with_burn_in(256);
        first_steps(&Table::of_recordings(recordings), &TaskOptions::Label(options));
    });
    assert!(taken < MOST, "{taken} bytes");
}

fn config(cell: CellKind, num_layers: usize, bidirectional: bool, readout: Readout) -> Stacked {
    Stacked {
        cell,
        input_size: 3,
        hidden_size: 40,
        num_layers,
        bidirectional,
        dropout: if num_layers > 1 { 0.1 } else { 0.0 },
        output_size: 2,
        readout,
    }
}

/// Steps as the trainer takes them: a batch of examples, and all that a learner does with it.
fn training_steps<T: Float>(config: Stacked, batch_size: usize) {
    training_steps_of::<T>(&Network::new(config).unwrap(), batch_size);
}

fn training_steps_of<T: Float>(network: &Network, batch_size: usize) {
    let width = network.input_size();
    let lengths = [30, 70, 70, 12, 45, 70, 70, 70, 33, 70, 70, 70].into_iter().cycle().take(batch_size);
    let example = |length: usize| Example {
        x: (0..length * width).map(|n| T::from_f64((n % 7) as f64 / 7.0)).collect(),
        targets: Targets::Values(vec![T::from_f64(0.5); network.output_len(length) * 2]),
    };
    let examples: Vec<Example<T>> = lengths.map(example).collect();

    let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM).with_clip(1.0);
    let mut learner = Learner::new(network, Init::Torch.draw::<T>(network, 1).unwrap(), config).unwrap();
    let mut batch = TrainingBatch::default();
    let mut step = || {
        batch.set(network, examples.len(), |n| &examples[n]);
        learner.step(&batch).unwrap();
    };
    step();
    std::thread::sleep(COMING_UP);
    let count = allocations(|| (0..5).for_each(|_| step()));
    assert_eq!(count, 0, "{batch_size} sequences, {:?}", network.config());
}

fn streaming_steps() {
    let config = Stacked { hidden_size: 20, ..config(CellKind::Lstm, 2, false, Readout::Every) };
    let network = Network::new(config).unwrap();
    let parameters: Vec<f32> = Init::Torch.draw(&network, 1).unwrap();
    let mut stream = elman::stream::Stream::new(&network, &parameters).unwrap();
    let mut output = [0.0; 2];
    let count = allocations(|| (0..100).for_each(|_| _ = stream.step(&[1.0; 3], &mut output)));
    assert_eq!(count, 0, "streaming");
    assert_ne!(output, [0.0; 2]);
}

/// A layer so large that threads share its steps.
fn large_streaming_steps() {
    let config = Stacked { hidden_size: 220, ..config(CellKind::Lstm, 1, false, Readout::Every) };
    let network = Network::new(config).unwrap();
    let parameters: Vec<f32> = Init::Torch.draw(&network, 1).unwrap();
    let mut stream = elman::stream::Stream::new(&network, &parameters).unwrap();
    let mut output = [0.0; 2];
    std::thread::sleep(COMING_UP);
    let count = allocations(|| (0..100).for_each(|_| _ = stream.step(&[1.0; 3], &mut output)));
    assert_eq!(count, 0, "streaming, split by units");
}

/// A chain of every block but an embedding, whose input is tokens.
fn chain() -> Network {
    let config = NetworkConfig::new(3)
        .with(Skip::new(2))
        .with(Recurrent::new(CellKind::Lstm, 7).with_direction(Direction::Both).with_learned_state(true))
        .with(LayerNorm::new())
        .with(Dropout::new(0.2))
        .with(Patch::new(2))
        .with(Dense::new(5).with_activation(Activation::Elu))
        .with(Recurrent::new(CellKind::Gru, 6))
        .with(Pooling::new(PoolingKind::Max))
        .with(Dense::new(2));
    Network::new(config).unwrap()
}

/// A forecast in the series' own units.
fn task_streaming_steps() {
    let table = elman::data::airline().unwrap();
    let options = ForecastOptions::default().with_transform(Transform::LogDifference);
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task);
    recipe.train.epochs = 1;
    let mut stream = recipe.train(&prepared, &table).unwrap().stream().unwrap();
    let mut step = |n: usize| stream.step(&[100.0 + n as f64, (n % 12) as f64]).unwrap().is_some();
    step(0);
    let count = allocations(|| assert_eq!((1..50).filter(|&n| step(n)).count(), 38));
    assert_eq!(count, 0, "streaming a task");
}

fn main() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1, "the allocator counts");
    for cell in CellKind::ALL {
        for (num_layers, bidirectional) in [(1, false), (2, true)] {
            for readout in [Readout::Last, Readout::Every] {
                let config = config(cell, num_layers, bidirectional, readout);
                training_steps::<f32>(config.clone(), 12);
                training_steps::<f64>(config.clone(), 12);
                // In chunks, on several threads.
                training_steps::<f32>(config, 40);
            }
        }
        // A few units, whose packing is remembered; a single sequence.
        let few = Stacked { hidden_size: 8, ..config(cell, 2, true, Readout::Last) };
        training_steps::<f32>(few.clone(), 40);
        training_steps::<f32>(few, 1);
        // Steps shared out by units.
        let hidden_size = if cell.facts().pre == 1 { 400 } else { 240 };
        let large = Stacked { hidden_size, ..config(cell, 1, false, Readout::Last) };
        training_steps::<f32>(large, 2);
    }
    training_steps_of::<f32>(&chain(), 12);
    training_steps_of::<f64>(&chain(), 12);
    // A single sequence through a layer whose steps two threads share, then one whose inputs are many.
    let config = config(CellKind::Lstm, 2, false, Readout::Last);
    training_steps::<f32>(Stacked { input_size: 600, hidden_size: 128, ..config }, 1);
    streaming_steps();
    large_streaming_steps();
    task_streaming_steps();
    a_text_in_its_file();
    recordings_in_their_files();
    println!("steps after the first allocate nothing");
}
