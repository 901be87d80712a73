//! Zoneout.

use elman_network::batch::Batch;
use elman_network::init::Init;
use elman_network::network::{
    CellKind, Engine, Mode, Network, NetworkConfig, Recurrent, ScalarEngine, SimdEngine, State,
};
use elman_network::random::{Purpose, Rng};

const UNITS: usize = 5;
const SEQUENCES: usize = 40;
const STEPS: usize = 25;

fn network(cell: CellKind, [h, c]: [f64; 2]) -> Network {
    let layer = Recurrent::new(cell, UNITS).with_zoneout(h, c);
    Network::new(NetworkConfig::new(1).with(layer)).expect("shares below 1")
}

fn values(network: &Network, state: &State<f32>, batch: &Batch<f32>) -> Vec<f32> {
    let block = &network.states()[0];
    let of = |b| state.get(block.layer, block.direction, b, batch.packing()).to_vec();
    (0..SEQUENCES).flat_map(of).collect()
}

/// Steps of sequences of which the cell alone and the layer with zoneout start from the same states. Calls `see` with those
/// states, what the cell made of them and what zoneout kept, one after the other: each `[SEQUENCES, STATES, UNITS]`.
fn each_step<E: Engine<f32>>(
    cell: CellKind,
    shares: [f64; 2],
    training: bool,
    mut see: impl FnMut([Vec<f32>; 3]),
) {
    let (bare, keeping) = (network(cell, [0.0; 2]), network(cell, shares));
    let parameters = Init::Torch.draw(&bare, 3).expect("it suits every network");
    let (mut of_cell, mut engine) = (E::new(&bare), E::new(&keeping));
    of_cell.load(&parameters);
    engine.load(&parameters);
    let mut rng = Rng::new(11, Purpose::Dropout(0));
    let mut state = keeping.zero_state(SEQUENCES);
    for t in 0..STEPS {
        let inputs: Vec<f32> = (0..SEQUENCES).map(|b| ((t * SEQUENCES + b) as f32).sin()).collect();
        let batch = Batch::new(&inputs.chunks(1).collect::<Vec<_>>(), 1);
        let before = values(&keeping, &state, &batch);
        let mut made = state.clone();
        of_cell.forward(&batch, &mut made, Mode::Evaluate);
        let mode = if training { Mode::Train(&mut rng) } else { Mode::Evaluate };
        engine.forward(&batch, &mut state, mode);
        see([before, values(&bare, &made, &batch), values(&keeping, &state, &batch)]);
    }
}

/// In training each state of each unit is, after every step, what it was or what the cell made of it, as often as asked and
/// each state by itself.
fn stays_or_goes<E: Engine<f32>>(cell: CellKind, shares: [f64; 2]) {
    let states = cell.facts().states;
    let mut kept: Vec<bool> = Vec::new();
    each_step::<E>(cell, shares, true, |[before, made, after]| {
        for ((before, made), after) in before.iter().zip(&made).zip(&after) {
            assert!(after == before || after == made, "{cell}: {before}, {made}, {after}");
            kept.push(after == before);
        }
    });
    // [STEPS, SEQUENCES, STATES, UNITS]
    let rate = |state: usize, of: &dyn Fn(&[bool], usize) -> bool| {
        let rows = kept.chunks(states * UNITS);
        let kept = rows.flat_map(|row| (0..UNITS).map(move |unit| of(row, state * UNITS + unit)));
        kept.map(f64::from).sum::<f64>() / (STEPS * SEQUENCES * UNITS) as f64
    };
    let near = |found: f64, p: f64| {
        // Within four standard deviations: the seed is fixed, so that it cannot fail by chance.
        let deviation = (p * (1.0 - p) / (STEPS * SEQUENCES * UNITS) as f64).sqrt();
        assert!((found - p).abs() < 4.0 * deviation, "{cell}: {found} of {p}");
    };
    for (state, &share) in shares.iter().enumerate().take(states) {
        near(rate(state, &|row, n| row[n]), share);
    }
    if states == 2 {
        near(rate(0, &|row, n| row[n] && row[UNITS + n]), shares[0] * shares[1]);
    }
}

#[test]
fn each_state_of_each_unit_stays_or_goes() {
    stays_or_goes::<SimdEngine>(CellKind::Lstm, [0.2, 0.6]);
    stays_or_goes::<ScalarEngine<f32>>(CellKind::Lstm, [0.2, 0.6]);
    stays_or_goes::<SimdEngine>(CellKind::PeepholeLstm, [0.3, 0.3]);
    stays_or_goes::<SimdEngine>(CellKind::Gru, [0.4, 0.0]);
    stays_or_goes::<SimdEngine>(CellKind::GruResetBefore, [0.4, 0.0]);
}

/// Without training the states are the mean of the two.
#[test]
fn without_training_it_is_the_mean() {
    each_step::<SimdEngine>(CellKind::Lstm, [0.25, 0.5], false, |[before, made, after]| {
        for (n, ((before, made), after)) in before.iter().zip(&made).zip(&after).enumerate() {
            let share = if (n / UNITS).is_multiple_of(2) { 0.25 } else { 0.5 };
            // Shares are powers of two: one rounding of the product, one of the sum.
            assert!((after - (share * before + (1.0 - share) * made)).abs() <= f32::EPSILON);
        }
    });
}

#[test]
fn shares_that_have_no_meaning_are_refused() {
    let refusal = |cell, [h, c]: [f64; 2]| {
        let layer = Recurrent::new(cell, 3).with_zoneout(h, c);
        Network::new(NetworkConfig::new(1).with(layer)).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(CellKind::Gru, [1.0, 0.0]),
        "zoneout of block 0 (recurrent) is 1; it must be at least 0 and below 1"
    );
    assert_eq!(
        refusal(CellKind::Lstm, [0.0, f64::NAN]),
        "zoneout_cell of block 0 (recurrent) is NaN; it must be at least 0 and below 1"
    );
    assert_eq!(
        refusal(CellKind::Elman, [0.1, 0.1]),
        "zoneout_cell of block 0 (recurrent) is 0.1, but elman has no state beside h; leave it out"
    );
}
