//! How much later a device answers than it is asked: from clicks whose places are known, as NAM finds it, else from the
//! impulse response that explains the target best.

use super::{Layout, Pair, Sound, Track};
use crate::error::{DataError, Message};
use crate::fourier::{Complex, Fourier, of_two_real};

/// What is known of how late the target is.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// The samples by which it is late, where that was found.
    pub found: Option<i64>,
    /// The samples by which it is moved back.
    pub delay: i64,
    /// What is to be said of it.
    pub remark: Message,
}

/// Samples before a click, and after it, in which the answer is looked for.
const BEFORE: usize = 1000;
const AFTER: usize = 10_000;
/// An answer is louder than the loudest noise by so much, and by such a factor.
const ABOVE: f32 = 3e-4;
const TIMES: f32 = 1.001;
/// An answer is moved back by so many samples less, so that it is never before its cause.
const SAFETY: i64 = 1;
/// What is found of a device differs by so much from recording to recording.
const NEAR: u64 = 8;

/// Samples of a stretch that is compared. Answers later than half of it are not looked for, nor earlier ones than `BEFORE`.
const BLOCK: usize = 1 << 15;
/// At most so many stretches, the loudest.
const BLOCKS: usize = 16;
/// The response begins where it first reaches this share of its largest value, at most so many samples before that,
const ONSET: f64 = 0.5;
const RISE: i64 = 100;
/// which stands out from its mean square's root by this factor.
const CLEAR: f64 = 10.0;
/// What is added to the power of each frequency, as a share of their mean: where there is next to nothing, noise is heard.
const FLOOR: f64 = 1e-4;

impl Pair {
    /// How late the target is.
    ///
    /// # Errors
    /// If a recording cannot be read any more.
    pub fn latency(&self) -> Result<Latency, DataError> {
        match Layout::of(&self.input)? {
            Some(layout) => self.by_clicks(layout),
            None => self.by_response(),
        }
    }

    /// The delay that the user says.
    pub fn latency_as_said(&self, delay: i64) -> Latency {
        let remark = Message::from(format!("{}: taken as {}, as ", self.target.name(), late(delay)));
        Latency { found: None, delay, remark: remark.option("latency").text(" says") }
    }

    /// How late the target is to be taken for a model of this sound: as late as in training. Where recordings differed in that,
    /// it is found here as it was there, and what is found next to one of training's is taken as that.
    ///
    /// # Errors
    /// If a recording cannot be read any more.
    pub fn latency_for(&self, sound: &Sound) -> Result<Latency, DataError> {
        let here = self.latency()?;
        let Some(found) = here.found else { return Ok(self.latency_as_trained(sound.delay, None)) };
        let known = if sound.delays.is_empty() { std::slice::from_ref(&sound.delay) } else { &sound.delays };
        let nearest = known.iter().copied().min_by_key(|known| known.abs_diff(here.delay));
        Ok(match nearest {
            Some(known) if known.abs_diff(here.delay) <= NEAR => self.latency_as_trained(known, None),
            _ if sound.delays.is_empty() => self.latency_as_trained(sound.delay, Some(found)),
            _ => here,
        })
    }

    /// The delay that a model was trained with, where another may have been found.
    fn latency_as_trained(&self, delay: i64, found: Option<i64>) -> Latency {
        let text = format!("{}: taken as {}, as in training (", self.target.name(), late(delay));
        let remark = Message::from(text).option("latency").text(" overrules)");
        let remark = match found {
            Some(found) => remark
                .text(format!(", though it looks {}: if it was recorded otherwise, say so", late(found))),
            None => remark,
        };
        Latency { found, delay, remark }
    }

    /// In the mean of what follows the clicks, the first sample beyond the noise.
    fn by_clicks(&self, layout: &Layout) -> Result<Latency, DataError> {
        let target = &self.target;
        let noise = target.get(layout.noise())?.unwrap_or_default();
        let background = noise.iter().fold(0.0, |loudest: f32, y| loudest.max(y.abs()));
        let threshold = (background + ABOVE).max(TIMES * background);
        let windows =
            layout.blips().iter().filter_map(|blip| target.get(blip - BEFORE..blip + AFTER).transpose());
        let windows = windows.collect::<Result<Vec<_>, _>>()?;
        let mean = |n: usize| windows.iter().map(|window| window[n]).sum::<f32>() / windows.len() as f32;
        let first =
            if windows.is_empty() { None } else { (0..BEFORE + AFTER).find(|&n| mean(n).abs() > threshold) };
        let by = format!("the clicks of {}", layout.name);
        Ok(match first {
            None => self.not_found(&format!("no answer to {by} is louder than the noise")),
            Some(0) => self.not_found(&format!("before {by} there is as much as after them")),
            Some(first) => self.found(first as i64 - BEFORE as i64, &by),
        })
    }

    /// The impulse response `h = F^-1 (sum X* Y / (sum |X|^2 + epsilon))` of the loudest stretches: it begins where the
    /// target does.
    fn by_response(&self) -> Result<Latency, DataError> {
        let Some(response) = self.response()? else {
            return Ok(self.not_found("the recordings are too short or too quiet to tell"));
        };
        let at = |lag: i64| response[lag.rem_euclid(response.len() as i64) as usize].abs();
        let lags = || -(BEFORE as i64)..(response.len() / 2) as i64;
        let peak = lags().max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap_or_default();
        let largest = at(peak);
        let square: f64 = response.iter().map(|h| h * h).sum::<f64>() / response.len() as f64;
        if largest <= CLEAR * square.sqrt() {
            return Ok(self.not_found("the target does not follow the input clearly"));
        }
        // Of few pitches a response swings to both sides of its peak, and no device answers before it is asked: one that
        // peaks behind that begins there at the earliest.
        let earliest = (peak - RISE).max(peak.min(0));
        let found = (earliest..peak).find(|&lag| at(lag) >= ONSET * largest).unwrap_or(peak);
        Ok(self.found(found, &format!("comparing it with {}", self.input.name())))
    }

    fn response(&self) -> Result<Option<Vec<f64>>, DataError> {
        let (x, y) = (&self.input, &self.target);
        let block = BLOCK.min((x.len() / 2).next_power_of_two() / 2);
        if block < 2 * BEFORE {
            return Ok(None);
        }
        let mut starts = Vec::new();
        for start in (0..=x.len() - block).step_by(block / 2) {
            starts.push((changes(x, start, block)?.iter().map(|change| change.powi(2)).sum::<f64>(), start));
        }
        starts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        starts.truncate(BLOCKS);
        let fourier = Fourier::<f64>::new(block);
        let mut cross = vec![Complex::default(); block];
        let mut power = vec![0.0; block];
        for &(_, start) in &starts {
            let (x, y) = (changes(x, start, block)?, changes(y, start, block)?);
            // Both in one transform, as the real and the imaginary part.
            let mut both: Vec<Complex<f64>> = (0..block)
                .map(|n| {
                    let window = 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / block as f64).cos();
                    Complex { re: window * x[n], im: window * y[n] }
                })
                .collect();
            fourier.forward(&mut both);
            for k in 0..block {
                let [x, y] = of_two_real(&both, k);
                cross[k].re += x.re * y.re + x.im * y.im;
                cross[k].im += x.re * y.im - x.im * y.re;
                power[k] += x.re * x.re + x.im * x.im;
            }
        }
        let mean = power.iter().sum::<f64>() / block as f64;
        if mean <= 0.0 {
            return Ok(None);
        }
        // The inverse is the transform of the conjugate, of which the real part counts.
        for (cross, power) in cross.iter_mut().zip(power) {
            let factor = 1.0 / (block as f64 * (power + FLOOR * mean));
            *cross = Complex { re: factor * cross.re, im: -factor * cross.im };
        }
        fourier.forward(&mut cross);
        Ok(Some(cross.iter().map(|h| h.re).collect()))
    }

    fn not_found(&self, why: &str) -> Latency {
        let text = format!(
            "{}: how late it is was not found ({why}); it is taken as it is; if it is late, say by how many samples with ",
            self.target.name()
        );
        Latency { found: None, delay: 0, remark: Message::from(text).option("latency") }
    }

    fn found(&self, found: i64, by: &str) -> Latency {
        let delay = found - SAFETY;
        let (moved, than) = if delay < 0 { ("forward", "more") } else { ("back", "less") };
        let text = format!(
            "{}: {}, by {by}; moved {moved} by {}, one {than}, so that no answer is before its cause (",
            self.target.name(),
            late(found),
            delay.abs()
        );
        Latency {
            found: Some(found),
            delay,
            remark: Message::from(text).option("latency").text(" overrules)"),
        }
    }
}

/// By how much each of some samples differs from the one before it: at a rate of change, low notes do not cover all else.
fn changes(track: &Track, start: usize, len: usize) -> Result<Vec<f64>, DataError> {
    let samples = track.read(start.saturating_sub(1)..start + len)?;
    let first = samples[..usize::from(start == 0)].iter();
    let all: Vec<f64> = first.chain(samples.iter()).map(|&sample| sample.into()).collect();
    Ok(all.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

/// How late a delay in samples is, in words: `3 samples late`, or early where it is negative.
pub fn late(delay: i64) -> String {
    let samples = if delay.abs() == 1 { "sample" } else { "samples" };
    format!("{} {samples} {}", delay.abs(), if delay < 0 { "early" } else { "late" })
}
