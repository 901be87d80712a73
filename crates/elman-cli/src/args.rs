//! The command line: every command and option, with its help.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use elman::exchange::Format;
use elman::task::TaskName;
use elman::words::listed;

use crate::output::OutputOptions;
use crate::sound::Preset;
use crate::train::options::TrainOptions;

/// Recurrent networks: train, check, predict.
#[derive(Debug, Parser)]
#[command(
    name = "elman",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_long_help = "Environment: with ELMAN_INSTRUCTION_SET=avx2 (or sse2, avx512; on other machines neon, simd128, plain) \
        the program computes with that instruction set, not with the best that the machine has."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How many threads to use, at most as many as the machine has; results do not depend on it [default: all]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the notebook that this project grew from: its ten losses
    #[command(allow_negative_numbers = true)]
    Notebook(NotebookArguments),
    /// Train a network; with nothing else, on the monthly airline passengers
    ///
    /// A run that is interrupted keeps the model so far and a checkpoint, and exits with 130 after Ctrl-C (SIGINT), 143
    /// after SIGTERM and 129 after SIGHUP. A signal that was ignored before, as under nohup, stays ignored.
    #[command(allow_negative_numbers = true)]
    Train(Box<TrainArguments>),
    /// Search for a good recipe, then train with it
    ///
    /// Many recipes are trained for a few epochs; the better ones go on for more, the last few to the end (successive
    /// halving). What is given stays; open are cell, sizes, dropout, learning rate and, if the optimiser has any, weight
    /// decay, for classes also patch, directions and pooling. A fifth of what is not the test tells trials apart, the last of
    /// a series or a recording, or what --validation says; the best recipe is then trained as train does it. An interrupted
    /// search goes on with --resume.
    #[command(allow_negative_numbers = true)]
    Tune(Box<TuneArguments>),
    /// Measure a model on data, beside a naive prediction
    Evaluate(EvaluateArguments),
    /// Forecast from each origin in the last rows of data, beside what came true
    Backtest(BacktestArguments),
    /// Predict from data, as CSV
    Predict(PredictArguments),
    /// Answer what comes on standard input as it comes: raw samples of sound, else rows as CSV or JSON lines
    ///
    /// A model of sound reads and writes samples as 32-bit floating point numbers, the least significant byte first, of one
    /// channel. Any other reads rows with a column for each of its inputs, categories as they stood in the table, as CSV with
    /// a line of names before them, or as an object in JSON for each line, and answers each row with a line of the same kind.
    /// A forecast of several series reads what tells them apart before that, and goes on with each by itself; or the columns
    /// of all, if that was its table. Sequences may be told apart, too: rows without an id are of one. At the end standard
    /// error tells how long that took, also after Ctrl-C.
    #[command(allow_negative_numbers = true)]
    Stream(StreamArguments),
    /// Go on with a text, as a language model has learned
    #[command(allow_negative_numbers = true)]
    Generate(GenerateArguments),
    /// Show what is in a file of a model or of weights
    Inspect(InspectArguments),
    /// Read a network out of another program's file: NAM, RTNeural, AIDA-X, GuitarML
    ///
    /// The format is told by the content. What comes out is a model of sound, which predict, stream and export take, or
    /// weights alone where no sample rate is known.
    Import(ImportArguments),
    /// Write a network as another program's file: NAM, RTNeural, AIDA-X, GuitarML
    Export(ExportArguments),
    /// Prove the gradients against dual numbers, in f64
    Check(CheckArguments),
}

/// Which derivative the notebook's weights follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotebookGradient {
    /// The notebook's own, which differs from the gradient of its loss in four ways
    Notebook,
    /// The gradient of its loss, shown beside the notebook's
    Exact,
}

#[derive(Debug, Args)]
pub(crate) struct NotebookArguments {
    /// The derivative that the weights follow
    #[arg(long, value_enum, default_value = "notebook")]
    pub(crate) gradient: NotebookGradient,
    /// Starting weights: JSON with Wx, Wh, Wy as lists of rows [default: those of the published losses]
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Draw the starting weights as the notebook does after np.random.seed(N)
    #[arg(long, value_name = "N", conflicts_with = "weights")]
    pub(crate) seed: Option<u32>,
    /// Epochs; every tenth is printed
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) epochs: u64,
    /// The learning rate
    #[arg(long, value_name = "RATE", default_value_t = 0.01)]
    pub(crate) learning_rate: f64,
}

/// `forecast (the default), regress, classify, label or text`
fn tasks_help() -> String {
    let names = TaskName::ALL.iter().enumerate();
    listed(
        names.map(|(n, task)| if n == 0 { format!("{task} (the default)") } else { task.to_string() }),
        "or",
    )
}

#[derive(Debug, Args)]
pub(crate) struct TrainArguments {
    #[arg(value_name = "TASK", help = tasks_help())]
    pub(crate) task: Option<String>,
    /// A table (CSV, JSON, Arrow, npy, npz, ts, tsf; also packed with gzip or zstd), of a language model a text, or - for standard input [default: the built-in airline passengers]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Label: instead of DATA what went into a device and what came out, as WAV files; once for each pair of recordings
    #[arg(long, num_args = 2, value_names = ["INPUT", "TARGET"], help_heading = "Sound")]
    pub(crate) audio: Vec<PathBuf>,
    /// With --audio: where a knob of the device stood, as drive=0.5, which becomes an input; given once, for all pairs, or
    /// once for each in their order
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true, help_heading = "Sound")]
    pub(crate) knob: Vec<String>,
    /// With --audio: the channel that is read of each file, counted from 1 [default: the only one]
    #[arg(long, value_name = "N", help_heading = "Sound")]
    pub(crate) channel: Option<usize>,
    /// With --audio: by how many samples targets are late; given once, for all pairs, or once for each in their order
    /// [default: found by clicks or by comparing]
    #[arg(long, value_name = "SAMPLES", allow_negative_numbers = true, help_heading = "Sound")]
    pub(crate) latency: Vec<i64>,
    /// With --audio: how large the network is [default: standard]
    #[arg(long, value_enum, value_name = "SIZE", help_heading = "Sound")]
    pub(crate) preset: Option<Preset>,
    /// The model file to write [default: the data's name with .elman, here]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) output: Option<PathBuf>,
    /// A TOML file with options by their long names; the command line's win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Go on from MODEL.checkpoint; the same command otherwise
    #[arg(long)]
    pub(crate) resume: bool,
    /// Write a page that shows how well it does, in pictures and figures: one file, to be opened in a browser
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Of the report: the sequence whose states are shown, counted from 1, of those for validation or, without such, for training [default: 1]
    #[arg(long, value_name = "N", requires = "report")]
    pub(crate) report_sequence: Option<NonZeroUsize>,
    /// Replace files that elman did not write
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) options: TrainOptions,
}

#[derive(Debug, Args)]
pub(crate) struct TuneArguments {
    /// How many recipes to try
    #[arg(long, value_name = "N", default_value_t = 18, help_heading = "Search")]
    pub(crate) trials: usize,
    /// One of so many goes on, for so many times the epochs
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Search")]
    pub(crate) factor: usize,
    #[command(flatten)]
    pub(crate) train: TrainArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// The model file
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// A table (CSV, JSON, Arrow, npy, npz, ts, tsf; also packed with gzip or zstd), of a language model a text, or - for standard input [default: what the model was trained on, if built in]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Of sound: instead of DATA what went into the device and what came out, as WAV files; once for each pair
    #[arg(long, num_args = 2, value_names = ["INPUT", "TARGET"])]
    pub(crate) audio: Vec<PathBuf>,
    /// With --audio: where a knob of the device stood, as drive=0.5, as in training
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) knob: Vec<String>,
    /// With --audio: the channel that is read of each file, counted from 1 [default: the only one]
    #[arg(long, value_name = "N")]
    pub(crate) channel: Option<usize>,
    /// With --audio: by how many samples targets are late; given once, for all pairs, or once for each in their order
    /// [default: as in training]
    #[arg(long, value_name = "SAMPLES", allow_negative_numbers = true)]
    pub(crate) latency: Vec<i64>,
    /// Of a forecast: how many last rows are the test [default: as many as in training]; of a text: so many last tokens
    /// [default: all]
    #[arg(long, value_name = "ROWS")]
    pub(crate) test: Option<usize>,
    /// Of a forecast: draw forecasts and truth as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Write a page that shows how well it does, in pictures and figures: one file, to be opened in a browser
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Replace files that elman did not write
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    /// The model file, of a forecast
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// A table, or - for standard input [default: what the model was trained on, if built in]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// How many last rows of each series are forecast [default: as many as in training]
    #[arg(long, value_name = "ROWS")]
    pub(crate) test: Option<usize>,
    /// Write every forecast here, in a form by the name, as predict does: its origin, time, step, and what came true
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a page that shows how well it does, in pictures and figures: one file, to be opened in a browser
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Replace files that elman did not write
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// The model file
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// A table (CSV, JSON, Arrow, npy, npz, ts, tsf; also packed with gzip or zstd), of a language model a text, or - for standard input [default: what the model was trained on, if built in]
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Of a forecast with future covariates: a table of rows to come, with the columns of times, of series and of covariates
    /// that DATA has; they are taken as its last rows
    #[arg(long, value_name = "FILE")]
    pub(crate) future_data: Option<PathBuf>,
    /// Write the predictions here, as the name says: .csv, .tsv, .jsonl, .json, .npy (numbers alone), .npz, .arrow, .feather or,
    /// if built with it, .parquet, packed with .gz behind it; - for standard output [default: -]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Of a forecast: how many rows ahead [default: with future covariates as many as DATA has them for, else as many as in training]
    #[arg(long, value_name = "ROWS")]
    pub(crate) horizon: Option<usize>,
    /// Intervals of these levels in percent, as 80,95: from the distribution of a model that was trained with a --loss of
    /// quantile, gaussian or student-t; of another forecast from errors on the rows kept for the test
    #[arg(long, value_name = "LEVELS", value_delimiter = ',')]
    pub(crate) interval: Vec<f64>,
    /// Quantiles at these levels, as 0.1,0.5,0.9, in the same way
    #[arg(long, value_name = "LEVELS", value_delimiter = ',')]
    pub(crate) quantiles: Vec<f64>,
    /// Of a forecast that tells a distribution: write so many sample paths of each series, in columns sample_1, sample_2
    /// and on; intervals and quantiles are those of them [default: none are written, of 500]
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<usize>,
    /// Decides which sample paths are drawn [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Of a forecast: intervals and quantiles from errors on the rows kept for the test, whatever the model tells
    #[arg(long)]
    pub(crate) conformal: bool,
    /// Of a forecast: answer as one of these does, instead of the model: seasonal-naive, last-value, drift, smoothing
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// Of a forecast: draw history and forecast as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Of sound, where DATA is a WAV file: the channel to answer, counted from 1 [default: the only one]
    #[arg(long, value_name = "N")]
    pub(crate) channel: Option<usize>,
    /// Of sound: where a knob of the model stands, as drive=0.5; once for each
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) knob: Vec<String>,
    /// Of sound: the bits of a sample that is written, 32 for floating point numbers, 24 for integers [default: 32]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    pub(crate) bits: Option<u8>,
    /// Replace files that elman did not write, and recordings that are there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StreamArguments {
    /// The model file
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Of sound: at most so many samples are answered at once; fewer where fewer have come
    #[arg(long, value_name = "SAMPLES", default_value = "256", value_parser = block)]
    pub(crate) block: NonZeroUsize,
    /// Of sound: where a knob of the model stands, as drive=0.5; once for each
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) knob: Vec<String>,
}

/// Bits of a sample in a WAV file that is written.
fn bits(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|bits| [24, 32].contains(bits)).ok_or_else(|| "give 24 or 32".into())
}

/// A size of blocks that there is memory for.
fn block(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 1 << 20;
    let size = text.parse().ok().and_then(NonZeroUsize::new).filter(|size| size.get() <= MOST);
    size.ok_or_else(|| format!("give a whole number from 1 to {MOST}"))
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    /// The model file, of a text
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The beginning of the text, which is written first; - for standard input; \n, \t and \\ in it are a line's end, a tab and
    /// a backslash [default: none]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: Option<String>,
    /// How many tokens are written: characters, bytes or words [default: 500]
    #[arg(long, value_name = "N")]
    pub(crate) length: Option<usize>,
    /// Below 1 what is likely becomes more likely, above 1 less; at 0 it is always the most likely token [default: 1]
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f64>,
    /// Draw one of the N most likely tokens [default: of all]
    #[arg(long, value_name = "N")]
    pub(crate) top_k: Option<usize>,
    /// Draw one of the fewest tokens that together have this probability, above 0 and at most 1 [default: of all]
    #[arg(long, value_name = "P")]
    pub(crate) top_p: Option<f64>,
    /// End before this text, in which \n is a line's end as well [default: go on to the length]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Option<String>,
    /// Decides what is drawn [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// A model file, or one of weights without a task
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// A .nam or .json file of NAM (LSTM), RTNeural, AIDA-X or GuitarML (Proteus, NeuralPi), a PyTorch state dict in JSON, or -
    /// for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The model file to write; - for standard output [default: the file's name with .elman, here]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) output: Option<PathBuf>,
    /// The samples per second that the network is for [default: what the file says, else what its programs take for granted]
    #[arg(long, value_name = "HZ")]
    pub(crate) sample_rate: Option<f64>,
    /// The model's name [default: what the file says]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Replace a file that elman did not write
    #[arg(long)]
    pub(crate) force: bool,
}

/// `nam, rtneural, aida-x or guitarml [default: nam for an output .nam]`
fn formats_help() -> String {
    let names = listed(Format::ALL.map(Format::name), "or");
    format!("What to write: {names} [default: nam where --output ends in .nam]")
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A model file, or one of weights
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[arg(long, value_name = "FORMAT", help = formats_help())]
    pub(crate) format: Option<String>,
    /// The file to write; - for standard output [default: the model's name with .nam or .json, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The samples per second to write [default: what the model is for]
    #[arg(long, value_name = "HZ")]
    pub(crate) sample_rate: Option<f64>,
    /// The name to write [default: what the model is called]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Replace a file that elman did not write
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// A model file, checked under its loss, or weights, under the squared error [default: small networks of all
    /// cells, blocks, directions and losses]
    #[arg(value_name = "MODEL")]
    pub(crate) model: Option<PathBuf>,
    /// Plant a small error in one gradient tensor: the check must find it and fail
    #[arg(long)]
    pub(crate) inject: bool,
    /// Draw other data, parameters and, with --inject, another tensor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}
