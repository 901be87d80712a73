//! `--report`: a page of pictures and figures.

use std::collections::BTreeMap;

use elman::audio::{Recording, Wav};

use crate::common::{self, CLASSIFY, Place, REGRESS, line_of, sequences};

/// The cells of a page's table of this name, row by row, the head first.
fn table(page: &str, name: &str) -> Vec<Vec<String>> {
    let start = page.find(&format!("aria-label=\"{name}\" tabindex=\"0\"><table>"));
    let rest = &page[start.unwrap_or_else(|| panic!("no table {name:?}"))..];
    let (table, _) = rest.split_once("</table>").expect("the table's end");
    let cell = |cell: &str| {
        let (_, content) = cell.split_once('>').expect("a tag");
        content.split_once("</t").map_or(content, |(content, _)| content).to_owned()
    };
    let cells = |row: &str| {
        let row = row.replace("<th ", "<td ").replace("<td>", "<td >");
        row.split("<td ").skip(1).map(cell).collect::<Vec<_>>()
    };
    table.split("<tr").skip(1).map(cells).collect()
}

/// What holds for every page: whole, by itself, without script, each id once, every picture with its title.
fn check(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">") && page.ends_with("</html>\n"));
    let without_names = page.replace("http://www.w3.org/2000/svg", "");
    for foreign in ["<script", "http:", "https:", "@import", "url(", "onerror=", "NaN", "inf "] {
        assert!(!without_names.contains(foreign), "{foreign}");
    }
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
    let pictures = page.matches("role=\"img\"").count();
    assert_eq!((page.matches("-title\">").count(), page.matches("-desc\">").count()), (pictures, pictures));
    for tag in ["section", "table", "tr", "figure", "details", "svg", "div", "dl", "pre"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn a_forecast_is_reported_with_what_the_program_prints() {
    let place = Place::new();
    let said = place.ok("train --epochs 3 --hidden-size 4 --seed 7 --report r.html");
    assert!(said.stderr.ends_with("\nwrote the report r.html\n"), "{}", said.stderr);
    let page = place.text("r.html");
    check(&page);
    let printed: Vec<Vec<String>> = said
        .stdout
        .lines()
        .skip(1)
        .take(6)
        .map(|line| {
            line.split("  ").filter(|cell| !cell.is_empty()).map(|cell| cell.trim().to_owned()).collect()
        })
        .collect();
    let shown = table(&page, "Figures");
    let printed_names: Vec<String> = printed[0].iter().map(|name| name.to_uppercase()).collect();
    assert_eq!(shown[0][1..].iter().map(|name| name.to_uppercase()).collect::<Vec<_>>(), printed_names);
    assert_eq!(shown[0][1..], ["MAE", "RMSE", "MAPE", "sMAPE", "MASE"]);
    assert_eq!(shown[1..], printed[1..]);
    for text in [
        ">passengers: 12 months ahead, from 2 origins</h2>",
        ">Error by months ahead</h2>",
        ">How far back it learns from</h2>",
        ">States over time</h2>",
        "<dt>network</dt><dd>lstm: 14 inputs -&gt; 4 units -&gt; 1 output</dd>",
        "elman train <span class=\"option\">--epochs</span> 3 <span class=\"option\">--hidden-size</span> 4 <span class=\"option\">--seed</span> 7 <span class=\"option\">--report</span> r.html\n",
        "&quot;hidden_size&quot;: 4",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let epochs = table(&page, "Epochs");
    assert_eq!(epochs[0], ["epoch", "loss", "validation", "learning rate", "gradient norm"]);
    let logged = place.json("train --epochs 3 --hidden-size 4 --seed 7 -o again.elman");
    for (n, (epoch, logged)) in epochs[1..].iter().zip(&logged).enumerate() {
        assert_eq!((epoch[0].as_str(), epoch[2].as_str()), ((n + 1).to_string().as_str(), "-"));
        let (loss, exact) = (epoch[1].parse::<f64>().unwrap(), logged["loss"].as_f64().unwrap());
        assert!((loss / exact - 1.0).abs() < 1e-3, "{loss} for {exact}");
    }
    assert_eq!(epochs.len(), 4);
    // The same again is the same page, but for the command.
    place.ok("train --epochs 3 --hidden-size 4 --seed 7 --report s.html -q");
    assert_eq!(place.text("s.html").replace("s.html", "r.html").replace("r.html -q", "r.html"), page);
}

/// The oracle is the file of forecasts that the same command writes.
#[test]
fn errors_by_rows_ahead_are_those_of_the_forecasts() {
    let place = Place::new();
    place.ok("train -q --epochs 2 --hidden-size 4 --horizon 5");
    place.ok("backtest airline.elman --report r.html -o b.csv");
    let mut errors: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let csv = place.text("b.csv");
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let column = |name: &str| head.iter().position(|&column| column == name).unwrap();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| cells[column(name)].parse::<f64>().unwrap();
        let error = (number("passengers_forecast") - number("actual")).abs();
        errors.entry(number("step") as u32).or_default().push(error);
    }
    let page = place.text("r.html");
    check(&page);
    let shown = table(&page, "Error by months ahead");
    assert_eq!(shown[0], ["months ahead", "seasonal naive", "elman"]);
    assert_eq!(shown.len(), 6);
    for (row, (step, errors)) in shown[1..].iter().zip(&errors) {
        let (mean, found) =
            (errors.iter().sum::<f64>() / errors.len() as f64, row[2].parse::<f64>().unwrap());
        assert!(row[0] == step.to_string() && (found / mean - 1.0).abs() < 1e-3, "{row:?} for {mean}");
    }
    // The worst of them all.
    let all: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let off = |cells: &[&str]| {
        let [forecast, actual] =
            ["passengers_forecast", "actual"].map(|name| cells[column(name)].parse::<f64>().unwrap());
        (forecast - actual).abs()
    };
    let worst = all.iter().max_by(|a, b| off(a).total_cmp(&off(b))).unwrap();
    let listed = table(&page, "Forecasts farthest off");
    assert_eq!(listed[0], ["month", "months ahead", "true", "forecast", "error"]);
    assert_eq!((listed.len(), listed[1][0].as_str()), (11, worst[column("month")]));
    assert_eq!(listed[1][1].parse::<f64>().unwrap(), worst[column("step")].parse::<f64>().unwrap());
    // Bands of a model that tells no distribution say what they are.
    assert!(page.contains("The bands are as wide as the model&#39;s errors were"));
    assert!(page.contains("class=\"band\""));
}

#[test]
fn classes_are_reported_with_their_confusions() {
    let place = Place::with("s.csv", sequences(40).replace("high", "<script>alert(1)</script>"));
    place.ok(&format!("{CLASSIFY} --epochs 2 --report r.html"));
    check(&place.text("r.html"));
    let evaluation = place.last_json("evaluate m.elman s.csv --report e.html");
    let page = place.text("e.html");
    check(&page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let classes = table(&page, "Classes");
    let confusion: Vec<Vec<u64>> = serde_json::from_value(evaluation["confusion"].clone()).unwrap();
    assert_eq!(classes[1][0], "&lt;script&gt;alert(1)&lt;/script&gt;");
    for (n, row) in confusion.iter().enumerate() {
        assert_eq!(classes[n + 1][1], row.iter().sum::<u64>().to_string());
        for count in row.iter().filter(|&&count| count > 0) {
            assert!(page.contains(&format!(">{count}</text>")), "{count}");
        }
    }
    let counts: Vec<Vec<String>> =
        confusion.iter().map(|row| row.iter().map(u64::to_string).collect()).collect();
    let shown = table(&page, "Answers by class");
    assert_eq!(shown[1..].iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>(), counts);
    assert_eq!(
        (shown[0][1].as_str(), shown[1][0].as_str()),
        (classes[1][0].as_str(), classes[1][0].as_str())
    );
    let remark = "s.csv is what the model was trained on: these figures are too good";
    assert!(page.contains(&format!("<li>{remark}</li>")), "{page}");
    assert_eq!(table(&page, "Worst cases").len(), 11);
}

/// States are shown over the sequence that is asked for.
#[test]
fn the_sequence_whose_states_are_shown_is_chosen() {
    let place = Place::with("s.csv", sequences(40));
    let train = format!("{CLASSIFY} --epochs 1 --validation 0.2 --force");
    let states = |command: &str| {
        place.ok(command);
        let page = place.text("r.html");
        let (_, states) = page.split_once(">States over time</h2>").unwrap();
        let (states, _) = states.split_once("<h2").unwrap();
        states.to_owned()
    };
    let usual = states(&format!("{train} --report r.html"));
    let option = "<span class=\"option\">--report-sequence</span>";
    assert!(
        usual.contains(&format!("over the first of 6 validation sequences; {option} chooses another.")),
        "{usual}"
    );
    let third = states(&format!("{train} --report r.html --report-sequence 3"));
    assert!(third.contains("over number 3 of 6 validation sequences."), "{third}");
    let picture =
        |states: &str| states.split_once("<image").unwrap().1.split_once("/>").unwrap().0.to_owned();
    assert_ne!(picture(&usual), picture(&third));
    let message = "--report-sequence is 7, and there are 6 validation sequences; give one of them";
    place.refuses(2, &format!("{train} --report r.html --report-sequence 7"), message);
    assert!(place.refused(2, &format!("{train} --report-sequence 1")).contains("--report <FILE>"));
}

/// The oracle is the file of predictions.
#[test]
fn cases_farthest_off_are_listed() {
    let place = Place::with("s.csv", sequences(60));
    place.ok(&format!("{REGRESS} --epochs 4 -q"));
    place.ok("evaluate m.elman s.csv --report r.html");
    let truth: BTreeMap<String, f64> = place
        .text("s.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].to_owned(), cells[4].parse().unwrap())
        })
        .collect();
    let predicted = place.ok("predict m.elman s.csv").stdout;
    let mut off: Vec<(f64, String)> = predicted
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            ((cells[cells.len() - 1].parse::<f64>().unwrap() - truth[cells[0]]).abs(), cells[0].to_owned())
        })
        .collect();
    off.sort_by(|a, b| b.0.total_cmp(&a.0));
    let page = place.text("r.html");
    check(&page);
    let shown: Vec<String> =
        table(&page, "level: farthest off")[1..].iter().map(|row| row[0].clone()).collect();
    assert_eq!(shown, off[..10].iter().map(|(_, id)| id.clone()).collect::<Vec<_>>());
    assert_eq!(table(&page, "level: predicted over true").len(), 61);
}

/// The oracle is the file of predictions.
#[test]
fn rows_are_reported_beside_the_truth() {
    let place = Place::with("s.csv", sequences(30));
    place
        .ok("train label s.csv --target b --features a --time time -o m.elman --hidden-size 4 --epochs 1 -q");
    place.ok("evaluate m.elman s.csv --report r.html");
    let page = place.text("r.html");
    check(&page);
    let predicted = place.ok("predict m.elman s.csv").stdout;
    let of_first: Vec<f64> = predicted
        .lines()
        .filter(|line| line.starts_with("s0,"))
        .map(|line| line.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    let shown = table(&page, "b");
    assert_eq!(shown[0], ["time", "truth", "model"]);
    assert_eq!((shown.len(), of_first.len()), (4, 3));
    for (row, predicted) in shown[1..].iter().zip(of_first) {
        let found: f64 = row[2].parse().unwrap();
        assert!((found / predicted - 1.0).abs() < 1e-3, "{found} for {predicted}");
    }
    assert!(page.contains(">b, row by row: s0</h2>") && page.contains("Of 30 sequences the first is drawn."));
}

/// The oracle is what the model plays.
#[test]
fn sound_is_reported_with_its_residual() {
    let mut noise = common::noise(5);
    let input: Vec<f32> = (0..9000).map(|n| (0.03 * n as f32).sin() * 0.5 + 0.1 * noise() as f32).collect();
    let target: Vec<f32> = input.iter().map(|x| (2.0 * x).tanh()).collect();
    let wav = |samples: &[f32]| Wav::Float.write(8000, samples).expect("a short recording");
    let place = Place::with("in.wav", wav(&input));
    place.write("out.wav", wav(&target));
    place.ok("train label --audio in.wav out.wav --latency 0 --epochs 1 --hidden-size 4 -q -o m.elman --report r.html");
    place.ok("predict m.elman in.wav -o p.wav");
    let played = Recording::open(&place.path("p.wav"), None).expect("a recording").samples;
    let page = place.text("r.html");
    check(&page);
    let number = |cell: &str| cell.parse::<f32>().unwrap();
    let (wave, residual) = (table(&page, "target and output"), table(&page, "residual: target - output"));
    assert_eq!(
        (wave[0].join(","), residual[0].join(",")),
        ("sample,target,output".into(), "sample,residual".into())
    );
    // A fiftieth of a second, all of it of the test.
    assert_eq!((wave.len(), residual.len()), (161, 161));
    for (wave, residual) in wave[1..].iter().zip(&residual[1..]) {
        let n = wave[0].parse::<usize>().unwrap() - 1;
        assert!(n >= 7000, "{n}");
        for (shown, exact) in
            [(&wave[1], target[n]), (&wave[2], played[n]), (&residual[1], target[n] - played[n])]
        {
            assert!((number(shown) - exact).abs() < 1e-3, "{shown} for {exact}");
        }
    }
    // The worst are called by their samples, and the loss by its name.
    assert_eq!(table(&page, "target: farthest off")[0][0], "sample");
    assert!(page.contains(">ESR</th>") && page.contains(">ESR in dB</th>"), "{page}");
    for signal in ["target", "output", "residual"] {
        let title = format!("Spectrogram: {signal}");
        assert!(page.contains(&format!(">{title}</h2>")), "{title}");
        let levels: Vec<f32> = table(&page, &title)[1..]
            .iter()
            .flat_map(|row| row[1..].iter().map(|cell| number(cell)).collect::<Vec<_>>())
            .collect();
        assert!(!levels.is_empty() && levels.iter().all(|level| (-80.0..=0.0).contains(level)), "{levels:?}");
    }
}

/// The oracle is what the same search tells for programs.
#[test]
fn trials_are_reported_with_their_losses() {
    let place = Place::new();
    let lines = place.json("tune --epochs 4 --trials 6 --factor 2 -o m.elman -q --report r.html");
    let page = place.text("r.html");
    check(&page);
    let shown = table(&page, "Trials");
    assert_eq!(
        shown[0],
        ["trial", "loss after 1 epoch", "loss after 2 epochs", "loss after 4 epochs", "recipe"]
    );
    assert_eq!(shown.len(), 7);
    let trials = lines[0]["trials"].as_array().expect("trials");
    let chosen = &trials[lines[0]["chosen"].as_u64().unwrap() as usize];
    for (rung, cell) in shown[1][1..4].iter().enumerate() {
        let (found, exact) =
            (cell.parse::<f64>().unwrap(), common::figure(chosen, &format!("/losses/{rung}")));
        assert!((found / exact - 1.0).abs() < 1e-3, "{found} for {exact}");
    }
    let known = |rung: usize| shown[1..].iter().filter(|row| !row[rung].is_empty()).count();
    assert_eq!([1, 2, 3].map(known), [6, 3, 1]);
    assert_eq!(shown.iter().filter(|row| row[4].ends_with(" (without tuning)")).count(), 1);
    assert!(page.contains("6 recipes were tried by successive halving"), "{page}");
}

/// What all characters take together is what the text takes.
#[test]
fn texts_are_reported_character_by_character() {
    let mut noise = common::noise(3);
    let text: String =
        (0..3000).map(|_| ['a', 'b', 'c', '<', ' '][(2.4999 * (noise() + 1.0)) as usize]).collect();
    let place = Place::with("t.txt", text);
    place.ok("train text t.txt -o t.elman --hidden-size 4 --epochs 1 -q");
    let evaluation = place.last_json("evaluate t.elman t.txt --report r.html");
    let page = place.text("r.html");
    check(&page);
    let dearest = table(&page, "The characters that cost the most bits");
    let number = |cell: &str| cell.parse::<f64>().unwrap();
    let bits: f64 = dearest[1..].iter().map(|row| number(&row[1]) * number(&row[2])).sum();
    let times: f64 = dearest[1..].iter().map(|row| number(&row[1])).sum();
    let expected = common::figure(&evaluation, "/test/bits_per_character");
    assert_eq!((dearest.len(), times), (6, 2999.0));
    assert!((bits / times / expected - 1.0).abs() < 1e-3, "{} for {expected}", bits / times);
    assert!(dearest.iter().any(|row| row[0] == "&quot;&lt;&quot;"), "{dearest:?}");
    assert!(page.contains(">Along the text</h2>"));
    // How far back it learns from is told by the vectors of tokens, learned or one-hot.
    for dim in ["", " --embedding-dim 0"] {
        place.ok(&format!(
            "train text t.txt -o t.elman --force --hidden-size 4 --epochs 1 -q --report s.html{dim}"
        ));
        let page = place.text("s.html");
        check(&page);
        assert!(page.contains(">How far back it learns from</h2>"), "{dim}");
        assert!(page.contains("loss by the vectors of earlier tokens, the mean over "), "{dim}");
    }
}

#[test]
fn large_tests_make_small_pages() {
    let mut csv = String::from("unique_id,ds,y\n");
    for series in 0..1000 {
        for month in 0..30 {
            let date = format!("{}-{:02}-01", 2000 + month / 12, month % 12 + 1);
            line_of(
                &mut csv,
                &[&format!("s{series}"), &date, &(100 + (series * 7 + month * 5) % 13).to_string()],
            );
        }
    }
    let place = Place::with("l.csv", csv);
    place.ok("train l.csv -o l.elman --epochs 1 --hidden-size 2 --season 0 --horizon 2 --test 4 --transform difference -q --report l.html");
    let page = place.text("l.html");
    check(&page);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(
        page.contains("The 30 of 1,000 series with the largest error.") && page.contains("6 of 1,000 series")
    );

    let rows: String = (0..100_000).map(|n| format!("s{n},{},{}\n", n % 17, n % 5)).collect();
    place.write("r.csv", format!("id,a,level\n{rows}"));
    place.write(
        "t.csv",
        format!(
            "id,a,level\n{}",
            &rows.lines().take(300).map(|line| format!("{line}\n")).collect::<String>()
        ),
    );
    place.ok("train regress t.csv --target level -o r.elman --epochs 1 --hidden-size 2 -q");
    place.ok("evaluate r.elman r.csv --report r.html");
    let page = place.text("r.html");
    check(&page);
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("Of 100,000 points at most 2,000 are drawn"));
    assert!(page.contains("One of every 500 of 100,000 rows."));
}

#[test]
fn pages_go_where_nothing_else_is() {
    let place = Place::with("notes.html", "<!DOCTYPE html>\n<title>my own</title>\n");
    let foreign = "notes.html is there and is not a report that elman wrote: give another name to write to, or replace it with --force";
    place.refuses(2, "train --epochs 1 --report notes.html", foreign);
    place.ok("train -q --epochs 1 --hidden-size 2 --report notes.html --force");
    place.write("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n");
    let foreign = "logo.svg is there and is not a picture that elman wrote: give another name to write to, or replace it with --force";
    place.refuses(2, "evaluate airline.elman --plot logo.svg", foreign);
    place.ok("evaluate airline.elman -q --plot logo.svg --force");
    place.ok("evaluate airline.elman -q --plot logo.svg");
    // Now it is one of ours.
    for command in ["evaluate airline.elman -q", "backtest airline.elman -q"] {
        place.ok(&format!("{command} --report notes.html"));
    }
    let over = |name: &str| format!("{name} would be written over: give another name to write to");
    place.write("a.csv", common::airline());
    place.refuses(2, "train a.csv -o m.elman --report a.csv --force", &over("a.csv"));
    place.refuses(2, "train -o airline.elman --report airline.elman --force", &over("airline.elman"));
    place.refuses(2, "evaluate airline.elman --report airline.elman", &over("airline.elman"));
    place.refuses(2, "evaluate airline.elman --plot p --report p", &over("p"));
    place.refuses(2, "backtest airline.elman -o f.csv --report f.csv", &over("f.csv"));
    let standard = "--report - would be standard output, where only predictions go; give the name of a file, ./- for one that is called so";
    place.refuses(2, "evaluate airline.elman --report -", standard);
    // Whatever is wrong with the place is known before training.
    place.refuses(
        1,
        "train --epochs 1000000000 -o m.elman --report no/r.html",
        "cannot write no/r.html: there is no such file or folder; check the path",
    );
}

#[test]
fn a_run_that_was_resumed_says_which_epochs_it_knows() {
    let train = "train -o m.elman --hidden-size 2 --epochs 60 --checkpoint-epochs 1 -q";
    let place = Place::with_killed(train, "m.elman.checkpoint");
    place.ok(&format!("{train} --resume --report r.html"));
    let page = place.text("r.html");
    check(&page);
    let (_, rest) = page.split_once("The run was resumed: its first ").unwrap();
    let known: usize = rest.split(' ').next().unwrap().parse().unwrap();
    let epochs = table(&page, "Epochs");
    assert_eq!((epochs[1][0].clone(), epochs.len() - 1), ((known + 1).to_string(), 60 - known));
}
