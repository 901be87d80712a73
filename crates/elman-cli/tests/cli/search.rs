//! The choice of a recipe, ensembles, and what is told of classes.

use crate::common::Place;
use serde_json::Value;

/// 24 sequences of 8 rows: a rise at the beginning, or none.
fn place() -> Place {
    let place = Place::new();
    let level =
        |n: usize, t: usize| if t < 3 && n.is_multiple_of(2) { t as f64 } else { -((n * t % 3) as f64) };
    let row = |k: usize| {
        let (n, t) = (k / 8, k % 8);
        format!("{n},{},{}\n", level(n, t), ["rise", "none"][n % 2])
    };
    place.write("rises.csv", format!("id,level,target\n{}", (0..24 * 8).map(row).collect::<String>()));
    place
}

const QUICK: &str = "train classify rises.csv --epochs 3 --hidden-size 4";

#[test]
fn a_classifier_chooses_its_recipe_whatever_the_threads() {
    let place = place();
    let said = place.ok(&format!("{QUICK} -o one.elman --threads 1"));
    assert!(
        said.stderr.contains("tried no patches, both directions, max over time: loss "),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains(" among 4 recipes, each tried on 5 folds, in "), "{}", said.stderr);
    assert!(said.stderr.contains(" in each of 5 members, 19 sequences"), "{}", said.stderr);
    place.ok(&format!("{QUICK} -o two.elman --threads 2"));
    assert_eq!(place.read("one.elman"), place.read("two.elman"));

    let lines = place.ok(&format!("{QUICK} -o three.elman --json --seed 5")).stdout;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let tried = first["tried"].as_array().unwrap();
    let chosen = first["chosen"].as_u64().unwrap() as usize;
    assert_eq!(tried.len(), 4);
    let losses = |n: usize| tried[n]["losses"].as_array().unwrap().len();
    assert_eq!((losses(0), losses(chosen)), (5, 5));
    let inspected: Value = serde_json::from_str(&place.ok("inspect three.elman --json").stdout).unwrap();
    let recipe = &inspected["record"]["recipe"];
    // What is as usual is not written down.
    assert_eq!(recipe.get("pooling").unwrap_or(&"last".into()), &tried[chosen]["pooling"]);
    assert_eq!((&recipe["bidirectional"], &recipe["ensemble"]), (&true.into(), &5.into()));
}

#[test]
fn what_is_given_is_not_chosen() {
    let place = place();
    let fixed = format!("{QUICK} -o m.elman --patch 2 --bidirectional=false --pooling mean --ensemble 2");
    let said = place.ok(&fixed);
    assert!(!said.stderr.contains("tried"), "{}", said.stderr);
    let network =
        "1 input -> patches of 2 steps -> gru (4 units) -> mean over time -> dense (2) -> 2 outputs";
    assert!(said.stderr.contains(network), "{}", said.stderr);
    let inspected = place.ok("inspect m.elman").stdout;
    assert!(inspected.contains(&format!("network   {network}\n          ")), "{inspected}");
    assert!(inspected.contains(" in each of 2 members in f32"), "{inspected}");

    let one = format!("{QUICK} -o m.elman --bidirectional=false --ensemble 1");
    assert!(place.ok(&one).stderr.contains("chose no patches, one direction, "));
    // A validation part tells as before which epoch is best, and nothing is searched.
    place.ok(&format!("{QUICK} -o a.elman --validation 0.1"));
    place.ok(&format!("{QUICK} -o b.elman --search=false"));
    assert_eq!(place.read("a.elman"), place.read("b.elman"));
    assert!(place.ok("inspect a.elman").stdout.contains("2 sequences for validation"));
    place.refuses(2, "train --search", "--search has no meaning for the task forecast; leave it out");
    place.refuses(2, &format!("{QUICK} --ensemble 0"), "--ensemble is 0; it must be from 1 to 1000");
    place.refuses(
        2,
        "train --patch 3",
        "--patch joins timesteps, but this task has an answer for each; leave it out",
    );
}

#[test]
fn an_ensemble_is_checked_evaluated_and_predicts() {
    let place = place();
    place.ok("train --epochs 2 --ensemble 3 -o f.elman --checkpoint-epochs 1");
    let checked = place.ok("check f.elman").stdout;
    for member in 1..=3 {
        assert!(checked.contains(&format!("f.elman, member {member} of 3")), "{checked}");
    }
    assert!(place.ok("evaluate f.elman").stdout.contains("156 forecasts"));
    assert_eq!(place.ok("predict f.elman --horizon 3").stdout.lines().count(), 4);
    assert_eq!(place.names().iter().filter(|name| name.ends_with(".checkpoint")).count(), 0);
}

#[test]
fn classes_are_told_one_by_one() {
    let place = place();
    let said = place.ok(&format!("{QUICK} --search=false -o m.elman")).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[1].split_whitespace().eq("accuracy balanced accuracy f1 log loss".split_whitespace()),
        "{said}"
    );
    let begins = |n: usize, with: &str| assert!(lines[n].starts_with(with), "{said}");
    begins(3, "most frequent class");
    begins(4, "1-nearest neighbour");
    begins(6, "class");
    begins(7, "none");
    begins(8, "rise");

    let json: Value = serde_json::from_str(&place.ok("evaluate m.elman rises.csv --json").stdout).unwrap();
    let counts: Vec<Vec<u64>> = serde_json::from_value(json["confusion"].clone()).unwrap();
    // A row per class, which all of its sequences are in.
    assert_eq!(counts.iter().map(|row| row.iter().sum::<u64>()).collect::<Vec<_>>(), [12, 12]);
    let right = (counts[0][0] + counts[1][1]) as f64 / 24.0;
    assert_eq!(json["test"]["accuracy"], right);
    assert_eq!(json["classes"]["rise"]["recall"], counts[1][1] as f64 / 12.0);
    // Those that it was trained on are not in the file: no neighbour.
    assert_eq!(json["baselines"].as_object().unwrap().len(), 1);
}
