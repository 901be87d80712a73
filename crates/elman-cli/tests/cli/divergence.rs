//! Runs whose loss is no longer a number.

use crate::common::Place;

/// A rate at which the first update already sends the parameters out of range.
const AT_ONCE: &str = "train --optimiser sgd --learning-rate 1e30";

/// A rate that is sensible for two epochs, and then is not.
const LATER: &str = "train --optimiser sgd --clip 0 --learning-rate 0.1 --schedule step --schedule-every 2 \
                     --schedule-factor 1e30";

/// The parts of a divergence's message that are not figures of the run.
#[track_caller]
fn assert_names(message: &str, epoch: u64, advice: &str) {
    let quantity = ["loss", "gradient norm"].into_iter().find_map(|quantity| {
        let rest = message.strip_prefix(&format!("training diverged: the {quantity} became "))?;
        ["inf", "NaN"].into_iter().find_map(|value| rest.strip_prefix(value))
    });
    let rest = quantity.unwrap_or_else(|| panic!("{message}"));
    let rest =
        rest.strip_prefix(&format!(" in epoch {epoch}, batch ")).unwrap_or_else(|| panic!("{message}"));
    let (batch, rest) = rest.split_once(" (the gradient norm before it was ").expect(message);
    let (norm, rest) = rest.split_once("). Try a lower learning rate (it was ").expect(message);
    let (rate, rest) = rest.split_once("), ").expect(message);
    assert!(batch.parse::<u64>().expect(message) >= 1, "{message}");
    assert!(norm.parse::<f64>().expect(message) > 0.0, "{message}");
    assert!(rate.parse::<f64>().expect(message) > 1e20, "{message}");
    assert_eq!(rest, format!("{advice}, or another initialisation"), "{message}");
}

#[test]
fn the_message_says_where_and_what_to_try() {
    let place = Place::new();
    let message = place.refused(1, AT_ONCE);
    assert_names(&message, 1, "clipping below the present 1");
    let message = place.refused(1, &format!("{AT_ONCE} --clip 0"));
    assert_names(&message, 1, "clipping of the gradient norm (1 is usual)");
    assert!(place.names().is_empty());
}

#[test]
fn an_older_model_stays_when_no_epoch_was_finished() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman");
    // `refused` compares every file.
    place.refused(1, &format!("{AT_ONCE} --clip 0 -o m.elman"));
    place.ok("predict m.elman");
}

#[test]
fn the_last_good_model_is_kept() {
    let place = Place::new();
    let output = place.run(&format!("{LATER} -o m.elman"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    let (_, message) = stderr.split_once("error: ").unwrap();
    assert_names(message.trim_end(), 3, "clipping of the gradient norm (1 is usual)");
    assert!(stderr.contains("\nkept the model of epoch 2 in m.elman\n"), "{stderr}");
    let text = place.ok("inspect m.elman").stdout;
    assert!(text.contains(" epochs, broke off; kept those of epoch 2, "), "{text}");
    assert!(place.ok("predict m.elman").stdout.starts_with("month,passengers_forecast\n1961-01,"));

    // The same as a run that ends there.
    place.ok(
        "train -q --optimiser sgd --clip 0 --learning-rate 0.1 --schedule constant --epochs 2 -o two.elman",
    );
    assert_eq!(place.ok("predict m.elman").stdout, place.ok("predict two.elman").stdout);
}

/// The first epoch is worse than no training, the second breaks off.
#[test]
fn a_useless_model_is_not_kept() {
    let place = Place::new();
    let useless = "train --optimiser sgd --clip 0 --learning-rate 10";
    let output = place.run(&format!("{useless} --schedule step --schedule-every 1 --schedule-factor 1e30"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    let note = "\nno model was written: none of its epochs was better than always answering the same\n";
    assert!(stderr.contains(note) && stderr.contains("error: training diverged: "), "{stderr}");
    assert!(place.names().is_empty());
    // So it is if that is no longer a question of infinite numbers.
    let message = place.refused(1, &format!("{useless} --epochs 1"));
    assert!(
        message.starts_with("training diverged, so no model was written: its loss is ")
            && message
                .ends_with(", and that of always answering the same 0.8799; try a lower --learning-rate"),
        "{message}"
    );
    let stderr = place.ok("train --optimiser sgd --clip 0 --learning-rate 4 --epochs 1").stderr;
    assert!(stderr.contains("\nnote: the model has learned nothing: its loss is "), "{stderr}");
    assert!(!place.ok("train --epochs 1").stderr.contains("learned nothing"));
}
