//! `elman evaluate`

use crate::common::{CLASSIFY, Place, REGRESS, airline, sequences};

#[test]
fn gives_the_figures_of_training() {
    let place = Place::new();
    let trained = place.ok("train -q --horizon 6 --epochs 3 --hidden-size 4").stdout;
    let said = place.ok("evaluate airline.elman");
    assert!(trained.starts_with(&said.stdout), "{trained}\n{}", said.stdout);
    assert!(said.stderr.starts_with("note: the smoothing forecast is better than the model: "));
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    let mut json = place.last_json("train -q --horizon 6 --epochs 3 --hidden-size 4");
    for key in ["model", "ended", "epochs"] {
        json.as_object_mut().unwrap().remove(key);
    }
    assert_eq!(place.last_json("evaluate airline.elman"), json);

    place.write("a.csv", airline());
    assert_eq!(place.ok("evaluate airline.elman a.csv").stdout, said.stdout);
}

#[test]
fn the_test_part_is_ones_own() {
    let place = Place::new();
    place.ok("train -q --horizon 6 --epochs 1 --hidden-size 2");
    for (rows, on) in [
        (6, "6 forecasts, up to 6 months ahead, from 1 origins"),
        (36, "186 forecasts, up to 6 months ahead, from 31 origins"),
        (131, "756 forecasts, up to 6 months ahead, from 126 origins"),
    ] {
        let json = place.last_json(&format!("evaluate airline.elman --test {rows}"));
        // "1 origins" is no English; whichever it says, it is the same number.
        assert_eq!(json["on"].as_str().unwrap().trim_end_matches('s'), on.trim_end_matches('s'));
    }
    for rows in [0, 5] {
        let message = format!("--test is {rows} rows; it must be at least the horizon, 6");
        place.refuses(2, &format!("evaluate airline.elman --test {rows}"), &message);
    }
    place.refuses(
        1,
        "evaluate airline.elman --test 132",
        "airline.csv (built in): has 144 rows; a test on the last 132 needs 13 before them to look back on: give more \
         rows or a smaller --test",
    );
    place.refused(1, "evaluate airline.elman --test 1000");
}

#[test]
fn sequences_are_all_evaluated() {
    let place = Place::with("s.csv", sequences(60));
    for task in [REGRESS, CLASSIFY] {
        place.ok(&format!("{task} -q --epochs 2"));
        assert_eq!(place.last_json("evaluate m.elman s.csv")["on"], "all 60 sequences");
    }
    let table = place.ok("evaluate m.elman s.csv").stdout;
    assert!(table.contains("\nmost frequent class  "), "{table}");
    assert_eq!(
        table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(),
        ["accuracy", "balanced", "accuracy", "f1", "log", "loss"]
    );
    place.write("one.csv", sequences(1));
    assert_eq!(place.last_json("evaluate m.elman one.csv")["on"], "the only sequence");
    for (option, value) in [("test", "5"), ("plot", "p.svg")] {
        place.refuses(
            2,
            &format!("evaluate m.elman s.csv --{option} {value}"),
            &format!("--{option} is for forecasts; this model is there to classify"),
        );
    }
}

#[test]
fn a_class_that_training_has_not_seen_is_named() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{CLASSIFY} -q --epochs 1"));
    let line = 2 + place.text("s.csv").lines().skip(1).position(|line| line.ends_with(",high")).unwrap();
    for (class, hint) in [("hihg", " (did you mean \"high\"?)"), ("middle", "")] {
        place.write("u.csv", place.text("s.csv").replace(",high", &format!(",{class}")));
        place.refuses(
            1,
            "evaluate m.elman u.csv",
            &format!(
                "u.csv, line {line}, column \"side\": the model has not seen class {class:?} in training{hint}; \
                 it knows \"high\", \"low\""
            ),
        );
        // To predict, nobody needs to know it.
        place.ok("predict m.elman u.csv");
    }
}

#[test]
fn data_without_targets_cannot_be_evaluated() {
    let place = Place::with("s.csv", sequences(30));
    place.ok(&format!("{REGRESS} -q --epochs 1"));
    place.write("t.csv", "id,time,a,b,level\nx,0,1,2,3\nx,1,1,2,\ny,0,1,2,\n");
    place.refuses(
        1,
        "evaluate m.elman t.csv",
        "t.csv, column \"level\": sequence \"y\" (line 4) has no target; fill it in or leave the sequence out",
    );
    place.write("t.csv", "id,time,a,b\nx,0,1,2\n");
    place.refuses(
        1,
        "evaluate m.elman t.csv",
        "t.csv has no column \"level\"; it has \"id\", \"time\", \"a\", \"b\"",
    );
    place.refuses(2, "evaluate m.elman", "the model was trained on s.csv; name the DATA to use it on");
}

#[test]
fn plots_are_pictures() {
    let place = Place::new();
    place.ok("train -q --horizon 6 --epochs 1 --hidden-size 2");
    let said = place.ok("evaluate airline.elman --plot e.svg -q");
    assert_eq!(said.stderr, "");
    let said = place.ok("evaluate airline.elman --plot e.svg");
    assert!(said.stderr.ends_with("\ndrew e.svg\n"), "{}", said.stderr);
    let said = place.ok("predict airline.elman --plot p.svg -o p.csv");
    assert_eq!(said.stderr, "drew p.svg\nwrote 6 rows to p.csv\n");
    for (name, words) in
        [("e.svg", ["truth", "seasonal naive", "forecast"]), ("p.svg", ["known", "forecast", "1961-01"])]
    {
        let svg = place.text(name);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(words.iter().all(|word| svg.contains(word)), "{words:?}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
