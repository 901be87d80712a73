use super::*;
use crate::audio::{self, Pair, Recording};
use crate::network::CellKind;
use crate::task::{ForecastOptions, LabelOptions, Task, TaskOptions};

fn airline(epochs: u64) -> (Prepared, Recipe) {
    let table = crate::data::airline().unwrap();
    let options = TaskOptions::Forecast(ForecastOptions::default().with_validation(0.2));
    let prepared = Task::prepare(&table, &options).unwrap();
    let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
    recipe.train.epochs = epochs;
    (prepared, recipe)
}

fn pairs(halving: Halving, epochs: u64) -> Vec<(usize, u64)> {
    halving.rungs(epochs).iter().map(|rung| (rung.trials, rung.epochs)).collect()
}

#[test]
fn rungs_end_with_whole_trainings() {
    let usual = Halving::default();
    assert_eq!(pairs(usual, 90), [(18, 10), (6, 30), (2, 90)]);
    assert_eq!(pairs(usual, 30), [(18, 4), (6, 10), (2, 30)]);
    // Too few epochs for three rungs, and for two.
    assert_eq!(pairs(usual, 5), [(18, 2), (6, 5)]);
    assert_eq!(pairs(usual, 1), [(18, 1)]);
    assert_eq!(pairs(usual.with_trials(2), 90), [(2, 90)]);
    assert_eq!(pairs(usual.with_trials(8).with_factor(2), 8), [(8, 1), (4, 2), (2, 4), (1, 8)]);
}

#[test]
fn more_trials_begin_with_those_of_fewer() {
    let (prepared, base) = airline(3);
    let draw = |count| Space::default().draw(std::slice::from_ref(&base), &prepared, count);
    let (few, many) = (draw(4), draw(12));
    assert_eq!(few[0], base);
    assert_eq!(few, many[..4]);
    let differs = |value: fn(&Recipe) -> String| many.iter().any(|recipe| value(recipe) != value(&base));
    assert!(differs(|recipe| recipe.cell.to_string()) && differs(|recipe| recipe.hidden_size.to_string()));
    for recipe in &many {
        let rate = recipe.train.learning_rate / base.train.learning_rate;
        assert!((0.19..=5.1).contains(&rate), "{rate}");
        assert!(recipe.num_layers > 1 || recipe.dropout == 0.0);
    }
    // What is given stays, and leaves the rest as it was.
    let given = Space::unless_given(|option| option == "hidden_size");
    let given = given.draw(std::slice::from_ref(&base), &prepared, 12);
    for (one, other) in given.iter().zip(&many) {
        assert_eq!(*one, other.clone().with_hidden_size(4));
    }
}

/// Models of sound end in plug-ins, which hold one layer of LSTM or GRU cells.
#[test]
fn trials_of_sound_become_plug_ins() {
    let samples = |gain: f32| (0..4000).map(|n| gain * (n as f32 * 0.1).sin()).collect();
    let recording =
        |name: &str, gain| Recording { name: name.into(), sample_rate: 8000, samples: samples(gain) };
    let pair = Pair::new(recording("in.wav", 0.5), recording("out.wav", 0.25), &[]).unwrap();
    let audio::Prepared { table, sound } = audio::prepare(&[pair], &[0]).unwrap();
    let options = TaskOptions::Label(LabelOptions::default().with_sound(sound));
    let prepared = Task::prepare(&table, &options).unwrap();
    let base = Recipe::for_task(&prepared.task);
    let drawn = |is_given: &dyn Fn(&'static str) -> bool, base: &Recipe| {
        Space::unless_given(is_given).draw(std::slice::from_ref(base), &prepared, 40)
    };
    let all = drawn(&|_| false, &base);
    let cells = |recipes: &[Recipe]| {
        let mut names: Vec<String> = recipes.iter().map(|recipe| recipe.cell.to_string()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(cells(&all), ["gru", "lstm"]);
    assert!(all.iter().all(|recipe| recipe.num_layers == 1 && recipe.dropout == 0.0));
    // What is said is taken.
    let said = base.with_cell(CellKind::Elman).with_num_layers(2);
    let all = drawn(&|option| matches!(option, "cell" | "num_layers"), &said);
    assert_eq!(cells(&all), ["elman"]);
    assert!(all.iter().all(|recipe| recipe.num_layers == 2));
}

/// A trial's losses are those of its training alone, whatever the threads, and those that are known are not computed.
#[test]
fn trials_stop_and_go_on_as_if_they_were_alone() {
    let (prepared, base) = airline(4);
    let halving = Halving::default().with_trials(4).with_factor(2);
    let recipes = Space::default().draw(&[base], &prepared, 4);
    let run = |known: &[Vec<f64>]| {
        tune(&prepared, &recipes, &halving, known, &mut |_| Control::Continue).unwrap().unwrap()
    };
    let tuned = run(&[]);
    let counts: Vec<usize> = tuned.trials.iter().map(|trial| trial.losses.len()).collect();
    assert_eq!(counts.iter().filter(|&&count| count == 3).count(), 1);
    assert_eq!(counts.iter().filter(|&&count| count == 1).count(), 2);
    let best = &tuned.trials[tuned.best];
    let lowest = tuned.trials.iter().map(|trial| trial.losses[0]).fold(f64::INFINITY, f64::min);
    assert!(tuned.trials.iter().any(|trial| trial.losses[0] == lowest && trial.losses.len() > 1));

    let mut losses = Vec::new();
    let mut run_alone = crate::run::Run::new(&best.recipe, &prepared).unwrap();
    let mut log = |event: &Event<'_>| {
        if let Event::Epoch { validation_loss, .. } = event {
            losses.extend(*validation_loss);
        }
        Control::Continue
    };
    run_alone.train(&mut [&mut log]).unwrap();
    assert_eq!(best.losses, [losses[0], losses[1], losses[3]]);

    // All of the first rung is known, and of the second one trial, with a loss that nobody computes.
    let mut known: Vec<Vec<f64>> = tuned.trials.iter().map(|trial| trial.losses[..1].to_vec()).collect();
    assert_eq!(run(&known), tuned);
    let other = (0..4).find(|&n| tuned.trials[n].losses.len() == 2).unwrap();
    known[other].push(-1.0);
    assert_eq!(run(&known).best, other);
}

/// Whether a trial goes on from where it stands or is trained anew, its losses are the same; no more are kept than go on.
#[test]
fn few_trials_stay_in_memory() {
    let (prepared, base) = airline(9);
    let halving = Halving::default().with_trials(9);
    let recipes = Space::default().draw(&[base], &prepared, 9);
    let run = |most_kept: usize| {
        let mut trials = Trials::<f32>::new(&prepared, &recipes, &halving, &[]).unwrap();
        trials.most_kept = most_kept;
        trials.run(&mut |_| Control::Continue).unwrap().unwrap()
    };
    let tuned = run(usize::MAX);
    assert_eq!(tuned.rungs.iter().map(|rung| rung.trials).collect::<Vec<_>>(), [9, 3, 1]);
    for most_kept in [0, 1, 2] {
        assert_eq!(run(most_kept), tuned, "{most_kept}");
    }
    let mut trials = Trials::<f32>::new(&prepared, &recipes, &halving, &[]).unwrap();
    assert!(trials.run_rung(0, &(0..9).collect::<Vec<_>>(), &mut |_| Control::Continue).unwrap());
    let mut best: Vec<usize> = (0..9).collect();
    best.sort_by(|&a, &b| better(&(trials.loss(a), a), &(trials.loss(b), b)));
    let is_kept = |&trial: &usize| trials.states[trial].lock().unwrap().is_some();
    assert_eq!(best.iter().map(is_kept).collect::<Vec<_>>(), [[true; 3], [false; 3], [false; 3]].concat());
}

#[test]
fn a_trial_that_diverges_is_left_behind() {
    let (prepared, base) = airline(3);
    let wild = |rate: f64| {
        let mut recipe = base.clone();
        recipe.train.learning_rate = rate;
        recipe
    };
    let halving = Halving::default().with_trials(3);
    let tuned =
        tune(&prepared, &[wild(1e30), base.clone(), wild(1e30)], &halving, &[], &mut |_| Control::Continue);
    let tuned = tuned.unwrap().unwrap();
    assert_eq!((tuned.best, tuned.trials[0].losses[0]), (1, f64::INFINITY));
    let error =
        tune(&prepared, &[wild(1e30), wild(1e30), wild(1e30)], &halving, &[], &mut |_| Control::Continue);
    assert!(error.unwrap_err().to_string().contains("every trial diverged"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (mut prepared, base) = airline(3);
    let refused = |recipes: &[Recipe], halving: Halving, prepared: &Prepared| {
        tune(prepared, recipes, &halving, &[], &mut |_| Control::Continue).unwrap_err().to_string()
    };
    let two = [base.clone(), base];
    let usual = Halving::default();
    assert!(refused(&two[..1], usual.with_trials(1), &prepared).contains("at least 2 to choose from"));
    assert!(refused(&two, usual.with_trials(2).with_factor(1), &prepared).contains("one of at least 2"));
    assert!(refused(&two, usual, &prepared).contains("there are 2 recipes"));
    let stopped = tune(&prepared, &two, &usual.with_trials(2), &[], &mut |_| Control::Stop).unwrap();
    assert_eq!(stopped, None);
    prepared.validation.clear();
    assert!(refused(&two, usual.with_trials(2), &prepared).contains("set some aside"));
}
