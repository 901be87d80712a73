//! The impulse response that explains a target best, `h = F^-1 (X* Y / (|X|^2 + epsilon))`: it begins where the target does.

use super::{Pair, Track};
use crate::error::DataError;
use crate::fourier::{Complex, Fourier, of_two_real};

/// Samples of a stretch of both that is compared as a whole, silence behind it: of longer recordings the loudest. Responses begin
/// within half of that, early or late.
const STRETCH: usize = 1 << 18;
/// Samples of one in which it is found out where a response begins.
const BLOCK: usize = 1 << 15;
/// At most so many of those, the loudest.
const BLOCKS: usize = 16;
/// They are looked at as they stand where the response begins no more than so many samples early, and within half of one late.
const EARLY: i64 = 1000;
/// A response begins where it first reaches this share of its largest value, at most so many samples before that.
const ONSET: f64 = 0.5;
const RISE: i64 = 100;
/// What is added to the power of each frequency, as a share of their mean: where there is next to nothing, noise is heard.
const FLOOR: f64 = 1e-4;
/// That largest value stands out from the root of the mean square by this factor,
const CLEAR: f64 = 10.0;
/// and, where it is far, from the next, which is at least this far off, by this one: of plucked notes without any noise by 3 and
/// more, of sweeps at a wrong place by 1.2.
const ALONE: f64 = 2.0;
const APART: i64 = 200;
/// The share of a target's power that is explained is told by at most so many of the loudest blocks of so many samples.
const SHORT: usize = 1 << 12;
const SHORT_BLOCKS: usize = 32;
/// So much is explained of what follows near; what is far, or of another kind, must explain as much as the next, and what is found
/// anywhere at least the last. Of overdriven notes it was 0.9, and 0.03 and less at a wrong place.
const ENOUGH: f64 = 0.5;
const WELL: f64 = 0.8;
const LEAST: f64 = 0.05;
/// By so much more how far the input is from 0 has to explain than the input itself, and what is far than what is near: an
/// echo that is louder than what it repeats explains less.
const BETTER: f64 = 2.0;
const FAR_BETTER: f64 = 4.0;
/// A turn of what is repeated as a whole explains nearly as much.
const AS_GOOD: f64 = 0.9;
/// At all of these distances steady tones explain this share of as much, and notes that fade less.
const BESIDE: [i64; 3] = [-997, 1501, 2503];
const TONES: f64 = 0.8;

/// What a target is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    /// The input.
    Input,
    /// How far it is from 0: what a rectifier makes of a wave and of its mirror image is the same, so neither has a part of its
    /// own in that.
    Distance,
}

/// Where a response begins, and the share of the target's power that it explains.
struct Found {
    lag: i64,
    explained: f64,
}

/// Where a response is largest.
struct Peak {
    lag: i64,
    /// By which factors it stands out from the root of the mean square, and from all that is not near it.
    clear: f64,
    alone: f64,
}

impl Pair {
    /// By how many samples the target follows the input, by their response.
    ///
    /// It is looked for near first, block by block, and then far away in a long stretch. What is far is believed only where it
    /// explains far more of the target, as nothing does that repeats itself.
    ///
    /// # Errors
    /// If a recording cannot be read any more.
    pub(super) fn response_begins(&self) -> Result<Begin, DataError> {
        let block = self.block();
        if (block as i64) < 2 * EARLY {
            return Ok(Begin::TooShort);
        }
        let mut found: Option<Found> = None;
        let explained = |found: &Option<Found>| found.as_ref().map_or(0.0, |found| found.explained);
        // How far the input is from 0 is asked only where the input itself explains little: of a sweep that is a sweep an octave
        // higher, which the input is a while later.
        for heard in [Heard::Input, Heard::Distance] {
            if explained(&found) >= ENOUGH {
                break;
            }
            let Some(near) = self.near(heard, block)? else { return Ok(Begin::TooShort) };
            let is_taken = match (&near, heard) {
                (Some(_), Heard::Input) => true,
                (Some(near), Heard::Distance) => {
                    near.explained > WELL.max(BETTER * explained(&found)) && !self.is_steady(heard, near)?
                }
                (None, _) => false,
            };
            if is_taken {
                found = near;
            }
            let Some((far, is_sure)) = self.far(heard, block)? else { continue };
            let before = explained(&found);
            let is_other =
                found.as_ref().is_none_or(|found| found.lag.abs_diff(far.lag) > APART.unsigned_abs());
            // What is repeated as a whole is explained as well by each turn; the long stretch ends with one.
            if is_other && before >= ENOUGH && far.explained > AS_GOOD * before {
                found = Some(far).filter(|_| is_sure);
            } else if is_sure && far.explained > WELL.max(FAR_BETTER * before) {
                found = Some(far);
            }
        }
        let found = found.filter(|found| found.explained > LEAST);
        Ok(found.map_or(Begin::Unclear(self.longest()), |found| Begin::At(found.lag)))
    }

    /// The response of the loudest blocks as they stand, if it stands out; `None` of what is too short or silent.
    fn near(&self, heard: Heard, block: usize) -> Result<Option<Option<Found>>, DataError> {
        let Some(response) = self.response(heard, 0, block)? else { return Ok(None) };
        let at = |lag: i64| response[lag.rem_euclid(response.len() as i64) as usize].abs();
        let square = response.iter().map(|h| h * h).sum::<f64>() / response.len() as f64;
        let peak = (-EARLY..block as i64 / 2).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap_or_default();
        if at(peak) <= CLEAR * square.sqrt() {
            return Ok(Some(None));
        }
        let lag = onset(peak, at);
        Ok(Some(Some(Found { lag, explained: self.explained(heard, lag)? })))
    }

    /// Where the response of a long stretch is largest, and whether it stands out there, and explains the target there alone.
    fn far(&self, heard: Heard, block: usize) -> Result<Option<(Found, bool)>, DataError> {
        let Some(Peak { lag, clear, alone }) = self.peak(heard)? else { return Ok(None) };
        let Some(response) = self.response(heard, lag, block)? else { return Ok(None) };
        let at = |at: i64| response[(at - lag).rem_euclid(response.len() as i64) as usize].abs();
        let peak = (lag - RISE..=lag + RISE).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap_or(lag);
        let found = onset(peak, at);
        let explained = self.explained(heard, found)?;
        let found = Found { lag: found, explained };
        let is_sure = clear > CLEAR && alone > ALONE && !self.is_steady(heard, &found)?;
        Ok(Some((found, is_sure)))
    }

    /// Is the target as well explained a while earlier and later, as steady tones are?
    fn is_steady(&self, heard: Heard, found: &Found) -> Result<bool, DataError> {
        let mut least = found.explained;
        for beside in BESIDE {
            least = least.min(self.explained(heard, found.lag + beside)?);
        }
        Ok(least > TONES * found.explained)
    }

    /// The share of the target's power that the input explains by a response that begins so many samples later: their
    /// coherence over short blocks, the loudest, by the target's power.
    fn explained(&self, heard: Heard, lag: i64) -> Result<f64, DataError> {
        let Some(spectra) = self.spectra(heard, lag, SHORT, SHORT_BLOCKS)? else { return Ok(0.0) };
        let mean = spectra.iter().map(|at| at.of_x).sum::<f64>() / SHORT as f64;
        let all = spectra.iter().map(|at| at.of_y).sum::<f64>();
        let share =
            |at: &Spectra| (at.cross.re * at.cross.re + at.cross.im * at.cross.im) / (at.of_x + FLOOR * mean);
        Ok(if all > 0.0 && mean > 0.0 { spectra.iter().map(share).sum::<f64>() / all } else { 0.0 })
    }

    /// The samples of a stretch in which it is found out where a response begins.
    fn block(&self) -> usize {
        BLOCK.min((self.input.len() / 2).next_power_of_two() / 2)
    }

    /// The longest delay that is looked for.
    fn longest(&self) -> usize {
        self.input.len().min(STRETCH) / 2
    }

    /// Where the response of the whole, or of the loudest stretch, is largest; `None` of silence.
    fn peak(&self, heard: Heard) -> Result<Option<Peak>, DataError> {
        let len = self.input.len().min(STRETCH);
        let start = loudest(&self.input, len, len / 2, 0..=self.input.len() - len, 1)?;
        let Some(&start) = start.first() else { return Ok(None) };
        let (x, y) =
            (changes(&self.input, heard, start, len)?, changes(&self.target, Heard::Input, start, len)?);
        let count = (2 * len).next_power_of_two();
        // Both in one transform, as the real and the imaginary part.
        let mut both: Vec<Complex<f64>> = x.iter().zip(&y).map(|(&re, &im)| Complex { re, im }).collect();
        both.resize(count, Complex::default());
        let fourier = Fourier::<f64>::new(count);
        fourier.forward(&mut both);
        let powers = (0..count).map(|k| of_two_real(&both, k)[0]).map(|x| x.re * x.re + x.im * x.im);
        let mean = powers.sum::<f64>() / count as f64;
        if mean <= 0.0 {
            return Ok(None);
        }
        // The inverse is the transform of the conjugate, of which the real part counts; that at -k is the conjugate of that at k.
        for k in 0..=count / 2 {
            let [x, y] = of_two_real(&both, k);
            let factor = 1.0 / (count as f64 * (x.re * x.re + x.im * x.im + FLOOR * mean));
            let (re, im) = (factor * (x.re * y.re + x.im * y.im), factor * (x.re * y.im - x.im * y.re));
            both[(count - k) % count] = Complex { re, im };
            both[k] = Complex { re, im: -im };
        }
        fourier.forward(&mut both);
        let square = both.iter().map(|h| h.re * h.re).sum::<f64>() / count as f64;
        let at = |lag: i64| both[lag.rem_euclid(count as i64) as usize].re.abs();
        let longest = self.longest() as i64;
        let largest = |from: i64, to: i64| (from..to).max_by(|&a, &b| at(a).total_cmp(&at(b)));
        let lag = largest(-longest, longest).unwrap_or_default();
        let next = [largest(-longest, lag - APART), largest(lag + APART, longest)].into_iter().flatten();
        let next = next.map(at).fold(0.0, f64::max);
        Ok(Some(Peak { lag, clear: at(lag) / square.sqrt(), alone: at(lag) / next }))
    }

    /// The response `[block]` of the loudest stretches to those of the target that begin so many samples later.
    fn response(&self, heard: Heard, shift: i64, block: usize) -> Result<Option<Vec<f64>>, DataError> {
        let Some(spectra) = self.spectra(heard, shift, block, BLOCKS)? else { return Ok(None) };
        let mean = spectra.iter().map(|at| at.of_x).sum::<f64>() / block as f64;
        if mean <= 0.0 {
            return Ok(None);
        }
        let of = |at: &Spectra| {
            let factor = 1.0 / (block as f64 * (at.of_x + FLOOR * mean));
            Complex { re: factor * at.cross.re, im: -factor * at.cross.im }
        };
        let mut response: Vec<Complex<f64>> = spectra.iter().map(of).collect();
        Fourier::<f64>::new(block).forward(&mut response);
        Ok(Some(response.iter().map(|h| h.re).collect()))
    }

    /// The spectra of the input's loudest blocks of so many samples, at most so many of them, and of the target's that begin so
    /// many samples later; `None` if it has none there.
    fn spectra(
        &self,
        heard: Heard,
        shift: i64,
        block: usize,
        most: usize,
    ) -> Result<Option<Vec<Spectra>>, DataError> {
        let (x, y) = (&self.input, &self.target);
        let by = shift.unsigned_abs() as usize;
        let Some(last) = x.len().checked_sub(block).and_then(|last| last.checked_sub(by)) else {
            return Ok(None);
        };
        let (first, last) = if shift < 0 { (by, by + last) } else { (0, last) };
        let fourier = Fourier::<f64>::new(block);
        let mut sums = vec![Spectra::default(); block];
        for start in loudest(x, block, block / 2, first..=last, most)? {
            let later = start.saturating_add_signed(shift as isize);
            let mut both =
                windowed(&changes(x, heard, start, block)?, &changes(y, Heard::Input, later, block)?);
            fourier.forward(&mut both);
            for (k, at) in sums.iter_mut().enumerate() {
                let [x, y] = of_two_real(&both, k);
                at.cross.re += x.re * y.re + x.im * y.im;
                at.cross.im += x.re * y.im - x.im * y.re;
                at.of_x += x.re * x.re + x.im * x.im;
                at.of_y += y.re * y.re + y.im * y.im;
            }
        }
        Ok(Some(sums))
    }
}

/// At one frequency, summed over blocks: `X* Y`, `|X|^2` and `|Y|^2`.
#[derive(Clone, Copy, Default)]
struct Spectra {
    cross: Complex<f64>,
    of_x: f64,
    of_y: f64,
}

/// Two stretches under a window, for one transform: as the real and the imaginary part.
fn windowed(x: &[f64], y: &[f64]) -> Vec<Complex<f64>> {
    let window = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / x.len() as f64).cos();
    let both = x.iter().zip(y).enumerate();
    both.map(|(n, (x, y))| Complex { re: window(n) * x, im: window(n) * y }).collect()
}

/// Where a response with this peak begins. Of few pitches it swings to both sides of that, and no device answers before it is
/// asked: one that peaks behind that begins there at the earliest.
fn onset(peak: i64, at: impl Fn(i64) -> f64) -> i64 {
    let earliest = (peak - RISE).max(peak.min(0));
    (earliest..peak).find(|&lag| at(lag) >= ONSET * at(peak)).unwrap_or(peak)
}

/// What is found of where a response begins.
#[derive(Debug, PartialEq)]
pub(super) enum Begin {
    /// So many samples behind the input.
    At(i64),
    /// Nowhere clearly, of so many samples early or late.
    Unclear(usize),
    /// There is too little of the recordings to tell, or of what is heard in them.
    TooShort,
}

/// Where the loudest stretches of so many samples begin, at most so many of them, of those that are a step apart from each other.
fn loudest(
    track: &Track,
    len: usize,
    step: usize,
    within: std::ops::RangeInclusive<usize>,
    most: usize,
) -> Result<Vec<usize>, DataError> {
    let mut starts = Vec::new();
    for start in within.step_by(step.max(1)) {
        let energy: f64 = changes(track, Heard::Input, start, len)?.iter().map(|change| change.powi(2)).sum();
        starts.push((energy, start));
    }
    starts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    starts.truncate(most);
    Ok(starts.into_iter().map(|(_, start)| start).collect())
}

/// By how much each of some samples differs from the one before it: at a rate of change, low notes do not cover all else.
fn changes(track: &Track, heard: Heard, start: usize, len: usize) -> Result<Vec<f64>, DataError> {
    let samples = track.read(start.saturating_sub(1)..start + len)?;
    let first = samples[..usize::from(start == 0)].iter();
    let value =
        |&sample: &f32| if heard == Heard::Distance { f64::from(sample.abs()) } else { sample.into() };
    let all: Vec<f64> = first.chain(samples.iter()).map(value).collect();
    Ok(all.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Recording;

    const RATE: u32 = 22_050;
    const LEN: usize = 80_000;

    /// Plucked notes that fade, one after the other, without any noise: of few pitches at any time.
    fn notes(seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut x = Vec::new();
        while x.len() < LEN {
            let pitch = std::f64::consts::TAU * 70.0 * (4.0 * draw()).exp2() / f64::from(RATE);
            let (level, fade) = (0.1 + 0.6 * draw(), f64::from(RATE) * (0.1 + 0.4 * draw()));
            let len = (f64::from(RATE) * (0.05 + 0.35 * draw())) as usize;
            x.extend((0..len).map(|n| {
                let n = n as f64;
                level * (-n / fade).exp() * ((pitch * n).sin() + 0.4 * (2.01 * pitch * n).sin())
            }));
        }
        x.truncate(LEN);
        x
    }

    fn overdriven(x: &[f64]) -> Vec<f64> {
        let mut state = 0.0;
        let answer = |x: &f64| {
            state += 0.3 * (x - state);
            (4.0 * state).tanh()
        };
        x.iter().map(answer).collect()
    }

    /// What is found of a target that is so many samples late.
    fn begin(x: &[f64], y: &[f64], delay: i64) -> Begin {
        let late = |n: usize| {
            let from = usize::try_from(n as i64 - delay).ok();
            from.and_then(|from| y.get(from)).copied().unwrap_or(0.0) as f32
        };
        let recording =
            |name: &str, samples: Vec<f32>| Recording { name: name.into(), sample_rate: RATE, samples };
        let input = recording("in.wav", x.iter().map(|&x| x as f32).collect());
        let target = recording("out.wav", (0..y.len()).map(late).collect());
        Pair::new(input, target, &[]).unwrap().response_begins().unwrap()
    }

    #[test]
    fn delays_of_seconds_are_found_in_notes_that_fade() {
        let x = notes(7);
        let y = overdriven(&x);
        for delay in [0, 61, -900, -1500, -12_000, 15_000, 22_050, 36_000] {
            assert_eq!(begin(&x, &y, delay), Begin::At(delay));
            let inverted: Vec<f64> = y.iter().map(|y| -y).collect();
            assert_eq!(begin(&x, &inverted, delay), Begin::At(delay));
        }
    }

    #[test]
    fn delays_beyond_what_is_looked_for_are_not_guessed() {
        let x = notes(7);
        let y = overdriven(&x);
        for delay in [45_000, 50_000, 60_000, -45_000, -60_000] {
            assert_eq!(begin(&x, &y, delay), Begin::Unclear(LEN / 2), "{delay}");
        }
        assert_eq!(begin(&x, &notes(8), 0), Begin::Unclear(LEN / 2));
        assert_eq!(begin(&x[..3000], &y[..3000], 0), Begin::TooShort);
    }

    /// What repeats itself is the same again a while later, and so is an echo.
    #[test]
    fn repeats_and_echoes_are_told_from_the_delay() {
        let x = notes(7)[..20_000].repeat(4);
        let y = overdriven(&x);
        for delay in [30, -700] {
            assert_eq!(begin(&x, &y, delay), Begin::At(delay));
        }
        for delay in [12_000, 25_000] {
            let found = begin(&x, &y, delay);
            assert!([Begin::At(delay), Begin::Unclear(LEN / 2)].contains(&found), "{delay}: {found:?}");
        }
        let x = notes(7);
        let y = overdriven(&x);
        let echo: Vec<f64> =
            (0..LEN).map(|n| y[n] + n.checked_sub(5000).map_or(0.0, |before| 0.6 * y[before])).collect();
        assert_eq!(begin(&x, &echo, 500), Begin::At(500));
        // Of which too much is left unexplained far away.
        assert_eq!(begin(&x, &echo, 20_000), Begin::Unclear(LEN / 2));
    }

    #[test]
    fn what_a_rectifier_makes_is_found() {
        let x = notes(7);
        let rectified: Vec<f64> = x.iter().map(|x| x.abs()).collect();
        for delay in [37, 5000, 21_000] {
            assert_eq!(begin(&x, &rectified, delay), Begin::At(delay));
        }
        // What of an overdriven low pass goes through it rises more slowly.
        let overdriven: Vec<f64> = overdriven(&x).iter().map(|y| y.abs()).collect();
        let Begin::At(found) = begin(&x, &overdriven, 37) else { panic!("not found") };
        assert!((37..=39).contains(&found), "{found}");
    }

    #[test]
    fn a_sweep_is_no_octave_of_itself() {
        let octaves = 400f64.ln();
        let phase = |t: f64| std::f64::consts::TAU * 20.0 * 5.0 / octaves * ((t / 5.0 * octaves).exp() - 1.0);
        let x: Vec<f64> = (0..5 * RATE).map(|n| 0.5 * phase(f64::from(n) / f64::from(RATE)).sin()).collect();
        let y = overdriven(&x);
        for delay in [0, 74, 3000, 30_000] {
            let Begin::At(found) = begin(&x, &y, delay) else { panic!("{delay} is not found") };
            assert!(found.abs_diff(delay) < 10, "{delay}: {found}");
        }
    }
}
