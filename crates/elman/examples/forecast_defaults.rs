//! How the defaults of forecasting stand against their neighbours.
//!
//! ```text
//! cargo run --release -p elman --example forecast_defaults
//! ```
//!
//! Each line of the table that it prints differs in one setting from the default recipe. A figure is
//! the mean absolute error divided by that of the seasonal naive forecast on the same rows: 1 is no
//! better than repeating last year. Behind it stands what the change does to the figure, with the
//! standard error of that difference over the windows. The networks learn differences, of the logarithm
//! where values are positive; whether smoothing is the better start for a series is another question.
//!
//! The series, all monthly, forecast 1 to 6 months ahead without training again:
//!
//! * **airline**: the airline series cut at the end of 1955, 1956, 1957 and 1958. What comes after,
//!   on which the shipped figures are measured, is cut off before anything is computed. The last 17
//!   rows are kept, so that each month from 1954-08 to 1958-07 is an origin once, and 67 rows remain
//!   of the shortest: 54 to learn from, enough for windows of four seasons.
//! * **additive**: trend, season and autoregressive noise, on both sides of zero, 108 months.
//! * **weak**: growth at a wandering rate with a season that is no larger than the noise, 144 months.
//! * **long**: growth with a strong season that changes over the years, 216 months.
//!
//! The four windows of the airline series are each the mean over the seeds 0 to 4. Of each other kind
//! there are six series, of **weak** twelve because they differ most, each trained on once with a seed
//! of its own: what a run costs is better spent on another series. A figure of two standard errors is
//! nothing yet where so many are looked at.

use std::error::Error;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use elman::data::airline;
use elman::init::Init;
use elman::metrics::Metrics;
use elman::network::CellKind;
use elman::optimiser::OptimiserConfig;
use elman::random::{Purpose, Rng};
use elman::recipe::Recipe;
use elman::table::Table;
use elman::task::{ForecastOptions, Prepared, Task, TaskOptions, Transform};

const SEASON: usize = 12;
const HORIZON: usize = 6;
const THREADS: usize = 2;

/// The seeds of training on the airline series.
const SEEDS: Range<u64> = 0..5;

/// The last years of the cut airline series. None may be later than 1958.
const YEARS: [usize; 4] = [1955, 1956, 1957, 1958];

type Failure = Box<dyn Error + Send + Sync>;

/// The errors of a setting relative to the seasonal naive forecast: per kind and window, the mean
/// over seeds.
type Ratios = Vec<Vec<f64>>;

/// A training run's settings.
#[derive(Clone, PartialEq)]
struct Setting {
    recipe: Recipe,
    window: usize,
}

/// A line of the table.
struct Line {
    name: String,
    setting: Setting,
}

/// A series, or a part of it, with what is learned of it, the last rows that are kept for the test and
/// the seeds to train with.
struct Window {
    table: Table,
    transform: Transform,
    test: usize,
    seeds: Range<u64>,
}

/// Windows of one kind.
struct Kind {
    name: &'static str,
    windows: Vec<Window>,
}

/// A mean and its standard error.
#[derive(Clone, Copy)]
struct Mean {
    value: f64,
    error: f64,
}

fn main() -> Result<(), Failure> {
    let kinds = [
        Kind { name: "airline", windows: YEARS.into_iter().map(airline_until).collect::<Result<_, _>>()? },
        generated("additive", 108, 1000..1006, additive)?,
        generated("weak", 144, 2000..2012, weak)?,
        generated("long", 216, 3000..3006, long)?,
    ];
    let default = default_setting(&kinds[0].windows[0])?;
    let lines = lines(&default);

    // The default stands in every group but is trained once.
    let others = lines.iter().map(|line| line.setting.clone()).filter(|setting| *setting != default);
    let settings: Vec<Setting> = [default.clone()].into_iter().chain(others).collect();
    let ratios = ratios(&settings, &kinds)?;

    print!("{:<22}", "");
    kinds.iter().for_each(|kind| print!("  {:<20}", kind.name));
    println!("  all");
    print_line("default", &ratios[0], None);
    for line in &lines {
        let place = settings.iter().position(|setting| *setting == line.setting).unwrap_or(0);
        let marked = format!("{}{}", line.name, if place == 0 { " *" } else { "" });
        print_line(&marked, &ratios[place], (place > 0).then_some(&ratios[0]));
    }
    println!("* the default");
    Ok(())
}

/// The defaults as the library has them.
fn default_setting(window: &Window) -> Result<Setting, Failure> {
    let Prepared { task, .. } = Task::prepare(&window.table, &TaskOptions::Forecast(options(window)))?;
    let recipe = Recipe::for_task(&task);
    let Task::Forecast(task) = task else { return Err("a forecast was asked for".into()) };
    Ok(Setting { recipe, window: task.window })
}

fn options(window: &Window) -> ForecastOptions {
    ForecastOptions::default().with_horizon(HORIZON).with_test(window.test).with_transform(window.transform)
}

/// One setting after another is varied.
fn lines(default: &Setting) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |name: String, change: &dyn Fn(&mut Setting)| {
        let mut setting = default.clone();
        change(&mut setting);
        lines.push(Line { name, setting });
    };
    for cell in [CellKind::Lstm, CellKind::Gru, CellKind::Elman] {
        add(format!("cell {cell}"), &|s| s.recipe.cell = cell);
    }
    for size in [10, 20, 40] {
        add(format!("hidden size {size}"), &|s| s.recipe.hidden_size = size);
    }
    for decay in [0.0, 0.5, 1.0, 2.0, 4.0] {
        add(format!("weight decay {decay}"), &|s| {
            if let OptimiserConfig::AdamW { weight_decay, .. } = &mut s.recipe.train.optimiser {
                *weight_decay = decay;
            }
        });
    }
    for rate in [3e-3, 1e-2, 3e-2] {
        add(format!("learning rate {rate}"), &|s| s.recipe.train.learning_rate = rate);
    }
    for epochs in [15, 30, 60, 120] {
        add(format!("epochs {epochs}"), &|s| s.recipe.train.epochs = epochs);
    }
    for seasons in [2, 3, 4] {
        add(format!("window {seasons} seasons"), &|s| s.window = seasons * SEASON);
    }
    for init in [Init::Torch, Init::Orthogonal] {
        add(format!("init {init}"), &|s| s.recipe.init = init);
    }
    lines
}

/// The ratios of every setting.
fn ratios(settings: &[Setting], kinds: &[Kind]) -> Result<Vec<Ratios>, Failure> {
    let all = |setting: &Setting| -> Result<Ratios, Failure> {
        let of_kind = |kind: &Kind| kind.windows.iter().map(|window| ratio(setting, window)).collect();
        kinds.iter().map(of_kind).collect()
    };
    let queue = Mutex::new(settings.iter().enumerate());
    let work = || -> Result<Vec<(usize, Ratios)>, Failure> {
        let mut done = Vec::new();
        loop {
            let next = queue.lock().map_err(|_| "the other thread panicked")?.next();
            let Some((n, setting)) = next else { return Ok(done) };
            done.push((n, all(setting)?));
        }
    };
    let mut ratios = vec![Vec::new(); settings.len()];
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (n, found) in thread.join().map_err(|_| "a thread panicked")?? {
                ratios[n] = found;
            }
        }
        Ok(ratios)
    })
}

fn ratio(setting: &Setting, window: &Window) -> Result<f64, Failure> {
    let options = options(window).with_window(setting.window);
    let prepared = Task::prepare(&window.table, &TaskOptions::Forecast(options))?;
    let mut sum = 0.0;
    for seed in window.seeds.clone() {
        let mut recipe = setting.recipe.clone();
        recipe.train.seed = seed;
        let model = recipe.train(&prepared, &window.table)?;
        let test = model.record().test.clone().ok_or("there is no test")?;
        sum += mae(&test.model)? / mae(&test.baselines[0].metrics)?;
    }
    Ok(sum / window.seeds.clone().count() as f64)
}

fn mae(metrics: &Metrics) -> Result<f64, Failure> {
    let mae = metrics.iter().find(|metric| metric.name == "mae").and_then(|metric| metric.value);
    mae.ok_or_else(|| "there is no mean absolute error".into())
}

/// Prints the ratios of a setting, and how they differ from those of the default.
fn print_line(name: &str, ratios: &Ratios, default: Option<&Ratios>) {
    let means: Vec<Mean> = ratios.iter().map(|of_kind| mean(of_kind)).collect();
    let differences = default.map(|default| {
        let minus =
            |(a, b): (&Vec<f64>, &Vec<f64>)| mean(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>());
        ratios.iter().zip(default).map(minus).collect::<Vec<_>>()
    });
    print!("{name:<22}");
    let overall = [average(&means)];
    let overall_difference = differences.as_ref().map(|differences| average(differences));
    for (n, value) in means.iter().chain(&overall).enumerate() {
        let difference = differences.as_ref().and_then(|d| d.get(n).copied().or(overall_difference));
        let cell = match difference {
            Some(Mean { value: change, error }) => format!("{:.3} {change:+.3} ({error:.3})", value.value),
            None => format!("{:.3}", value.value),
        };
        print!("  {cell:<20}");
    }
    println!();
}

fn mean(values: &[f64]) -> Mean {
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / (count - 1.0);
    Mean { value, error: (variance / count).sqrt() }
}

/// The mean of independent means.
fn average(means: &[Mean]) -> Mean {
    let count = means.len() as f64;
    let value = means.iter().map(|mean| mean.value).sum::<f64>() / count;
    Mean { value, error: means.iter().map(|mean| mean.error.powi(2)).sum::<f64>().sqrt() / count }
}

/// The airline series to the end of a year.
fn airline_until(year: usize) -> Result<Window, Failure> {
    if year > 1958 {
        return Err("1959 and 1960 are for the final test".into());
    }
    let whole = airline()?;
    let (months, passengers) = (whole.column("month")?, whole.column("passengers")?);
    let rows = (year + 1 - 1949) * SEASON;
    let lines = (0..rows).map(|row| format!("{},{}\n", months.text(row), passengers.text(row)));
    let text = format!("month,passengers\n{}", lines.collect::<String>());
    let table = Table::read(&format!("airline until {year}"), text.as_bytes())?;
    // One origin in every month of a year.
    Ok(Window { table, transform: Transform::LogDifference, test: SEASON + HORIZON - 1, seeds: SEEDS })
}

/// Series of one generated kind, one for each of `draws`, with the usual test of two seasons.
fn generated(
    name: &'static str,
    rows: usize,
    draws: Range<u64>,
    draw: fn(usize, &mut Rng) -> Vec<f64>,
) -> Result<Kind, Failure> {
    let first = draws.start;
    let window = |draw_seed: u64| -> Result<Window, Failure> {
        let values = draw(rows, &mut Rng::new(draw_seed, Purpose::Split));
        let line = |(row, value): (usize, &f64)| {
            format!("{}-{:02},{value:.3}\n", 1990 + row / SEASON, 1 + row % SEASON)
        };
        let text = format!("month,value\n{}", values.iter().enumerate().map(line).collect::<String>());
        let table = Table::read(&format!("{name} {draw_seed}"), text.as_bytes())?;
        let all_positive = values.iter().all(|&value| value > 0.0);
        let transform = if all_positive { Transform::LogDifference } else { Transform::Difference };
        let seed = draw_seed - first;
        Ok(Window { table, transform, test: 2 * SEASON, seeds: seed..seed + 1 })
    };
    Ok(Kind { name, windows: draws.map(window).collect::<Result<_, _>>()? })
}

fn normal(rng: &mut Rng) -> f64 {
    rng.normal()
}

/// Trend, season and autoregressive noise, around zero.
fn additive(rows: usize, rng: &mut Rng) -> Vec<f64> {
    let season: Vec<f64> = (0..SEASON).map(|_| 5.0 * normal(rng)).collect();
    let slope = 0.1 * normal(rng);
    let mut noise = 0.0;
    let mut value = |row: usize| {
        noise = 0.7 * noise + 2.0 * normal(rng);
        slope * (row as f64 - rows as f64 / 2.0) + season[row % SEASON] + noise
    };
    (0..rows).map(&mut value).collect()
}

/// Growth at a wandering rate, with a season of the size of the noise.
fn weak(rows: usize, rng: &mut Rng) -> Vec<f64> {
    let season: Vec<f64> = (0..SEASON).map(|_| 0.03 * normal(rng)).collect();
    let mut level = 5.0;
    let mut value = |row: usize| {
        level += 0.004 + 0.02 * normal(rng);
        f64::exp(level + season[row % SEASON] + 0.02 * normal(rng))
    };
    (0..rows).map(&mut value).collect()
}

/// Growth, with a strong season that changes over the years.
fn long(rows: usize, rng: &mut Rng) -> Vec<f64> {
    let mut season: Vec<f64> = (0..SEASON).map(|_| 0.15 * normal(rng)).collect();
    let mut level = 5.0;
    let mut value = |row: usize| {
        level += 0.006 + 0.015 * normal(rng);
        let place = row % SEASON;
        season[place] += 0.015 * normal(rng);
        f64::exp(level + season[place] + 0.015 * normal(rng))
    };
    (0..rows).map(&mut value).collect()
}
