//! Tables with a text in each row, whose characters are the sequence.

use crate::common::Place;

const QUICK: &str = "--epochs 30 --hidden-size 12 --search=false --force";

/// Words of two languages: vowels and consonants in turn, and consonants in pairs.
fn words(count: usize) -> Vec<(String, &'static str)> {
    let (vowels, consonants) = (["a", "e", "i", "o"], ["t", "k", "r", "s", "m"]);
    let word = |n: usize| -> (String, &'static str) {
        let (mut state, open) = (n * 2_654_435_761 % 1_000_003, n.is_multiple_of(2));
        let mut draw = |of: &[&'static str]| {
            state = (state * 48_271 + 11) % 2_147_483_647;
            of[state / 64 % of.len()]
        };
        let syllable = |draw: &mut dyn FnMut(&[&'static str]) -> &'static str| match open {
            true => [draw(&consonants), draw(&vowels)].concat(),
            false => [draw(&vowels), draw(&consonants), draw(&consonants)].concat(),
        };
        let text = (0..2 + n % 3).map(|_| syllable(&mut draw)).collect::<String>();
        (text, if open { "open" } else { "closed" })
    };
    (0..count).map(word).collect()
}

fn table(rows: impl IntoIterator<Item = (String, &'static str)>) -> String {
    let rows = rows.into_iter().map(|(word, tongue)| format!("{word},{tongue}\n"));
    format!("word,tongue\n{}", rows.collect::<String>())
}

#[test]
fn words_are_told_apart_by_their_characters() {
    let place = Place::with("w.csv", table(words(300)));
    for target in ["--target tongue", ""] {
        let said = place.ok(&format!("train classify w.csv {target} {QUICK} -o w.elman"));
        let remark = "note: w.csv: each of its 300 rows is read as a sequence of the characters in \"word\", whose target is in \
                      \"tongue\"; if a column tells sequences apart, name it with --id";
        assert!(said.stderr.contains(remark), "{}", said.stderr);
        assert!(said.stderr.contains("classify \"tongue\" from the characters of \"word\": closed, open"));
        let accuracy = said.stdout.lines().find(|line| line.starts_with("elman")).unwrap();
        assert!(accuracy.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() > 0.9, "{}", said.stdout);
    }
    // An answer for each text, with or without the column of targets, and whatever stands beside.
    let new = words(320).split_off(300);
    place.write("new.csv", table(new.clone()));
    let answers = place.ok("predict w.elman new.csv").stdout;
    let answered: Vec<&str> = answers.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(answered.len(), 20);
    let right = answered.iter().zip(&new).filter(|(answer, (_, tongue))| *answer == tongue).count();
    assert!(right > 17, "{answers}");
    let alone = new.iter().map(|(word, _)| format!("7,{word}\n")).collect::<String>();
    place.write("alone.csv", format!("n,word\n{alone}"));
    assert_eq!(place.ok("predict w.elman alone.csv").stdout, answers);
    let said = place.ok("evaluate w.elman new.csv").stdout;
    assert!(said.starts_with("test: all 20 sequences"), "{said}");

    place.write("odd.csv", "word\ntakö\n");
    let said = place.ok("predict w.elman odd.csv").stderr;
    assert!(
        said.contains("\"character\" says what was not there in training") && said.contains("\"'ö'\""),
        "{said}"
    );
    place.write("odd.csv", "word\nta\n\"\"\nko\n");
    place.refuses(
        1,
        "predict w.elman odd.csv",
        "odd.csv, line 3, column \"word\": the cell has no text, which is a sequence; write one, or take the row out",
    );
    place.write("odd.csv", "words\nta\n");
    place.refuses(
        1,
        "predict w.elman odd.csv",
        "odd.csv has no column \"word\" (did you mean \"words\"?); it has \"words\"",
    );
    place.refuses(
        1,
        "evaluate w.elman alone.csv",
        "alone.csv has no column \"tongue\"; it has \"n\", \"word\"",
    );
}

/// Characters stand for themselves alone: none for a missing value, a number or a mark of the file.
#[test]
fn every_character_is_one() {
    let marks = ["?", "-", ".", "\"\"", ",", " ", "1", "'", "é", "京", "#", ";"];
    let rows: String = (0..240)
        .map(|n| {
            format!("\"x{}{}{}\",{}\n", marks[n % 12], n, marks[(n / 12 + n) % 12], (n % 12) as f64 / 2.0)
        })
        .collect();
    let place = Place::with("m.csv", format!("note,score\n{rows}"));
    let said = place.ok("train regress m.csv --epochs 60 --hidden-size 12 -o m.elman");
    assert!(said.stderr.contains("from the characters of \"note\""), "{}", said.stderr);
    // x, the marks and ten digits; 1 is both.
    assert!(said.stderr.contains("22 inputs -> "), "{}", said.stderr);
    let figures: Vec<f64> = ["elman", "training mean"]
        .map(|name| {
            let line = said.stdout.lines().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..].split_whitespace().next().unwrap().parse().unwrap()
        })
        .into();
    assert!(figures[0] < 0.7 * figures[1], "{}", said.stdout);
}

#[test]
fn a_text_among_other_columns_is_named() {
    let rows: String = words(60)
        .iter()
        .enumerate()
        .map(|(n, (word, tongue))| format!("{word} {n},{},{tongue}\n", n % 5))
        .collect();
    let place = Place::with("r.csv", format!("review,stars,mood\n{rows}"));
    let train = format!("train classify r.csv --target mood {QUICK} -o r.elman");
    place.refuses(
        1,
        &train,
        "r.csv: no column is called \"id\"; name the one that tells sequences apart with --id, or, if each row is a text, the one \
         of texts with --features",
    );
    let said = place.ok(&format!("{train} --features review"));
    assert!(said.stderr.contains("classify \"mood\" from the characters of \"review\""), "{}", said.stderr);
    // Categories, times and numbers are no texts.
    for cell in [
        |n: usize| format!("c{}", n % 9),
        |n: usize| format!("2024-01-{:02}", 1 + n % 28),
        |n: usize| n.to_string(),
    ] {
        let rows: String = (0..60).map(|n| format!("{},{}\n", cell(n), n % 2)).collect();
        place.write("c.csv", format!("what,mood\n{rows}"));
        let said = place.refused(1, &format!("train classify c.csv --target mood {QUICK} -o c.elman"));
        assert!(said.starts_with("c.csv has no column \"id\""), "{said}");
    }
    let long = "ab".repeat(1_100_000);
    place.write(
        "l.csv",
        format!("text,mood\n{}", (0..8).map(|n| format!("{n}{long},{}\n", n % 2)).collect::<String>()),
    );
    place.refuses(
        1,
        "train classify l.csv --target mood",
        "l.csv, column \"text\": has 17,600,008 characters in all, and as sequences at most 4,194,304 characters are read; leave \
         out rows, or shorten the texts",
    );
}
