//! Devices that can be made here, and something to play to them.

/// The same numbers in `[0, 1)` for each seed.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }
}

/// Plucked notes of four octaves from 80 Hz on, loud and soft, that overlap.
pub(crate) fn notes(seed: u64, seconds: usize, sample_rate: usize) -> Vec<f64> {
    const LEVEL: f64 = 0.3;
    let (mut draw, rate) = (Draw::new(seed), sample_rate as f64);
    let mut x = vec![0.0; seconds * sample_rate];
    let mut start = 0;
    while start < x.len() {
        let frequency = 80.0 * (4.0 * draw.next()).exp2();
        let level = LEVEL * (0.2 + 0.8 * draw.next());
        let decay = 0.1 + 0.5 * draw.next();
        for (n, x) in x[start..].iter_mut().take(2 * sample_rate).enumerate() {
            let time = n as f64 / rate;
            let tone = |harmonic: f64| (std::f64::consts::TAU * frequency * harmonic * time).sin() / harmonic;
            *x += level * (-time / decay).exp() * (tone(1.0) + tone(2.0) + tone(3.0) + tone(4.0));
        }
        start += (rate * (0.05 + 0.3 * draw.next())) as usize;
    }
    x
}

/// A low pass into a limiter whose working point follows how hard it works: `s += (x - s) / 4; u = tanh(3 s + 0.6 z);
/// z = 0.995 z + 0.005 |u|; y = u - 0.3 z`.
pub(crate) fn effect(x: &[f64]) -> Vec<f64> {
    let (mut s, mut z) = (0.0, 0.0);
    let answer = |&x: &f64| {
        s += 0.25 * (x - s);
        let u = (3.0 * s + 0.6 * z).tanh();
        z = 0.995 * z + 0.005 * u.abs();
        u - 0.3 * z
    };
    x.iter().map(answer).collect()
}

/// A resistor of 2.2 kOhm into a capacitor of 10 nF and two diodes to ground, `dv/dt = (g x - v) / (R C) - 2 I / C sinh(v / V)`
/// (Yeh, Abel & Smith, DAFx 2007), after a gain `g` of 4: eight steps a sample by the trapezoidal rule, each solved by
/// Newton's method.
pub(crate) fn diode_clipper(x: &[f64], sample_rate: usize) -> Vec<f64> {
    const GAIN: f64 = 4.0;
    const STEPS: usize = 8;
    let (rc, saturation, volts) = (2.2e3 * 10e-9, 2.52e-9 / 10e-9, 45.3e-3);
    let step = 1.0 / (sample_rate * STEPS) as f64;
    let slope = |x: f64, v: f64| (GAIN * x - v) / rc - 2.0 * saturation * (v / volts).sinh();
    let slope_by_v = |v: f64| -1.0 / rc - 2.0 * saturation / volts * (v / volts).cosh();
    let (mut v, mut before) = (0.0, 0.0);
    let mut answers = Vec::with_capacity(x.len());
    for &x in x {
        for k in 1..=STEPS {
            let at = |k: usize| before + (x - before) * k as f64 / STEPS as f64;
            let known = v + 0.5 * step * slope(at(k - 1), v);
            for _ in 0..20 {
                let error = v - known - 0.5 * step * slope(at(k), v);
                let change = error / (1.0 - 0.5 * step * slope_by_v(v));
                v -= change.clamp(-0.1, 0.1);
                if change.abs() < 1e-12 {
                    break;
                }
            }
        }
        before = x;
        answers.push(v);
    }
    answers
}

/// A compressor that remembers: the level follows the signal within 2 ms up and 80 ms down, and what is above 0.1 counts
/// a quarter in decibels.
pub(crate) fn compressor(x: &[f64], sample_rate: usize) -> Vec<f64> {
    let (up, down) = ((-500.0 / sample_rate as f64).exp(), (-12.5 / sample_rate as f64).exp());
    let mut level = 0.0f64;
    let answer = |&x: &f64| {
        let keep = if x.abs() > level { up } else { down };
        level = keep * level + (1.0 - keep) * x.abs();
        2.0 * x * (0.1 / level.max(0.1)).powf(0.75)
    };
    x.iter().map(answer).collect()
}

/// A fuzz whose supply sags: the louder it has been for the last tenth of a second, the lower its limit.
pub(crate) fn fuzz_with_sag(x: &[f64], sample_rate: usize) -> Vec<f64> {
    let keep = (-10.0 / sample_rate as f64).exp();
    let mut load = 0.0;
    let answer = |&x: &f64| {
        let supply = 1.0 - 0.6 * load;
        let y = supply * (8.0 * x / supply + 0.3).tanh() - supply * (0.3f64).tanh();
        load = keep * load + (1.0 - keep) * y.abs();
        y
    };
    x.iter().map(answer).collect()
}
