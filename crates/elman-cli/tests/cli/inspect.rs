//! `elman inspect`

use crate::common::{Place, figure};

#[test]
fn says_what_the_model_is_and_how_well_it_did() {
    let place = Place::new();
    let trained = place.ok("train -q --horizon 6 --epochs 3 --hidden-size 4 --seed 5").stdout;
    let said = place.ok("inspect airline.elman");
    assert_eq!(said.stderr, "");
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "network   lstm: 14 inputs -> 4 units -> 1 output",
            "          325 parameters in f32",
            "task      forecast \"passengers\" over \"month\", 6 months ahead; a season of 12 months, relative changes",
            "data      airline.csv (built in): 72 sequences for training",
        ]
    );
    assert!(
        lines[4].starts_with("training  3 of 3 epochs; kept those of epoch 3, squared error "),
        "{}",
        lines[4]
    );
    assert!(lines[4].ends_with("; seed 5"));
    assert_eq!(lines[5], "");
    assert!(trained.starts_with(&lines[6..].join("\n")), "the table of training");
}

#[test]
fn verbose_lists_the_tensors() {
    let place = Place::new();
    place.ok("train -q --epochs 1 --hidden-size 4 --num-layers 2");
    let stdout = place.ok("inspect airline.elman -v").stdout;
    let tensors: Vec<Vec<&str>> = stdout
        .lines()
        .filter(|line| line.starts_with("          ") && line.ends_with(']'))
        .map(|line| line.trim().splitn(2, ' ').map(str::trim).collect())
        .collect();
    assert_eq!(
        tensors,
        [
            ["weight_ih_l0", "[16, 14]"],
            ["weight_hh_l0", "[16, 4]"],
            ["bias_ih_l0", "[16]"],
            ["bias_hh_l0", "[16]"],
            ["weight_ih_l1", "[16, 4]"],
            ["weight_hh_l1", "[16, 4]"],
            ["bias_ih_l1", "[16]"],
            ["bias_hh_l1", "[16]"],
            ["head.weight", "[1, 4]"],
            ["head.bias", "[1]"],
        ]
    );
}

#[test]
fn json_has_all_of_it() {
    let place = Place::new();
    let trained = place.last_json("train -q --epochs 2 --hidden-size 4 --cell gru");
    let json = place.last_json("inspect airline.elman");
    assert_eq!(json["task"]["forecast"]["target"], "passengers");
    assert_eq!(json["network"]["blocks"][0]["recurrent"]["cell"], "gru");
    assert_eq!(json["parameters"], 4 * 3 * (14 + 4 + 2) + 5);
    assert_eq!(json["tensors"][0], serde_json::json!(["weight_ih_l0", [12, 14]]));
    assert_eq!(json["record"]["ended"], "finished");
    assert_eq!(json["record"]["recipe"]["train"]["epochs"], 2);
    assert_eq!(figure(&json, "/record/test/model/2/value"), figure(&trained, "/test/mape"));
}
