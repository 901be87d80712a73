use std::f64::consts::LN_2;

use super::vocabulary::Id;
use super::*;
use crate::loss::Targets;
use crate::model::Model;
use crate::predict;
use crate::run::Run;
use crate::sequence::Example;
use crate::task::Task;
use crate::train::{Control, Ended, Event, fingerprint};

/// Letters of an alphabet of `k`, each as likely as any other, the same in every run.
fn letters(k: u64, count: usize) -> String {
    let mut state = 7u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((state >> 33) % k) as u8)
    };
    (0..count).map(letter).collect()
}

fn prepared(text: &str, options: &TextOptions) -> (Table, Prepared) {
    let table = Table::of_text("t.txt", text);
    let prepared = Text::prepare(&table, options).unwrap();
    (table, prepared)
}

fn refusal(text: &[u8], options: &TextOptions) -> String {
    Text::prepare(&Table::of_text("t.txt", text), options).unwrap_err().to_string()
}

fn text_of(prepared: &Prepared) -> &Text {
    let Task::Text(text) = &prepared.task else { panic!("{:?}", prepared.task) };
    text
}

/// A model of a small network, trained for so many epochs.
fn model(text: &str, options: &TextOptions, hidden_size: usize, epochs: u64) -> (Table, Model) {
    let (table, prepared) = prepared(text, options);
    let recipe = Recipe::for_task(&prepared.task).with_hidden_size(hidden_size).with_embedding_dim(8);
    let train = recipe.train.clone().with_epochs(epochs).with_learning_rate(0.02);
    let model = recipe.with_train(train).train(&prepared, &table).unwrap();
    (table, model)
}

fn figure(metrics: &Metrics, name: &str) -> f64 {
    let metric = metrics.iter().find(|metric| metric.name == name);
    metric.and_then(|metric| metric.value).unwrap_or_else(|| panic!("no {name} in {metrics:?}"))
}

/// All sequences, in memory.
fn held(sequences: &Sequences) -> Vec<Example<f64>> {
    (0..sequences.len()).map(|n| sequences.example(n).unwrap().into_owned()).collect()
}

fn corpus_of(vocabulary: &Vocabulary, text: &str) -> Corpus {
    Corpus::of_bytes("t", text.as_bytes(), vocabulary).unwrap()
}

fn ids_of(vocabulary: &Vocabulary, text: &str) -> Vec<Id> {
    let corpus = corpus_of(vocabulary, text);
    corpus.ids(0..corpus.len()).unwrap()
}

/// What is said of each token from `from` on, in their order.
fn all_told(model: &Model, corpus: &Corpus, from: usize) -> Vec<Told> {
    let mut all = vec![Told::default(); corpus.len() - from];
    told(model.ensemble(), corpus, from, &mut |_, _| Ok(()), |place, _, told| all[place - from] = told)
        .unwrap();
    all
}

const RHYME: &str = "Peter Piper picked a peck of pickled peppers.\n";

#[test]
fn every_token_but_the_first_is_told_once() {
    let text = letters(5, 1000);
    let options = TextOptions::default().with_test(0.1).with_validation(0.2).with_window(150);
    let (_, prepared) = prepared(&text, &options);
    let vocabulary = &text_of(&prepared).vocabulary;
    let ids = ids_of(vocabulary, &text);
    // 100 for the test, 180 of the rest for validation.
    assert_eq!(prepared.held_out, Some(HeldOut::LastRows(100)));
    for (sequences, part) in [(&prepared.train, 0..720), (&prepared.validation, 720..900)] {
        let ids = &ids[part];
        let examples = held(sequences);
        let x: Vec<Id> = examples.iter().flat_map(|example| example.x.iter().map(|&id| id as Id)).collect();
        let next = examples.iter().flat_map(|example| match &example.targets {
            Targets::Classes(classes) => classes.iter().map(|&class| class as Id),
            Targets::Values(values) => panic!("{values:?}"),
        });
        assert_eq!((x.as_slice(), next.collect::<Vec<_>>().as_slice()), (&ids[..ids.len() - 1], &ids[1..]));
        assert!(examples.iter().all(|example| example.x.len() <= 150));
    }
    assert_eq!(vocabulary.num_trained(), 720);
}

#[test]
fn a_text_that_repeats_itself_is_learned_and_gone_on_with() {
    let (table, model) = model(&RHYME.repeat(60), &TextOptions::default(), 24, 30);
    let test = model.record().test.as_ref().unwrap();
    let bits = figure(&test.model, "bits_per_character");
    assert!(bits < 0.05, "{bits} bits");
    assert!((figure(&test.model, "perplexity") - bits.exp2()).abs() < 1e-12);
    assert_eq!(test.on, "the last 138 characters");
    let generated = |temperature| {
        let options = GenerateOptions::default().with_temperature(temperature).with_length(2 * RHYME.len());
        model.generate(RHYME, &options).unwrap().text().unwrap()
    };
    assert_eq!(generated(0.0), RHYME.repeat(2));
    assert_eq!(generated(0.5), RHYME.repeat(2));
    // Naive predictors stand beside it: pairs of letters tell more than letters, and less than the whole line.
    let naive = |n: usize| figure(&test.baselines[n].metrics, "bits_per_character");
    assert_eq!([&test.baselines[0].name, &test.baselines[1].name], ["frequencies", "pairs"]);
    assert!(bits < naive(1) && naive(1) < naive(0) && naive(0) < (20f64).log2());
    // Token by token, the bits of predictions are those of the evaluation.
    let all = model.evaluate(&table, &HeldOut::All).unwrap();
    let predictions = model.predict(&table, None).unwrap();
    assert_eq!(predictions.headers().collect::<Vec<_>>(), ["character", "bits", "predicted"]);
    let Answers::Numbers(each) = &predictions.columns()[1].1 else { panic!() };
    assert!(each[0].value.is_nan());
    let mean = each[1..].iter().map(|bits| bits.value).sum::<f64>() / (each.len() - 1) as f64;
    assert!((mean - figure(&all.model, "bits_per_character")).abs() < 1e-12);
}

#[test]
fn letters_that_follow_no_rule_take_their_bits() {
    let (_, model) = model(&letters(6, 40_000), &TextOptions::default(), 8, 2);
    let test = model.record().test.as_ref().unwrap();
    let (bits, entropy) = (figure(&test.model, "bits_per_character"), 6f64.log2());
    assert!((0.995 * entropy..1.02 * entropy).contains(&bits), "{bits} bits of {entropy}");
    assert_eq!(model.record().ended, Some(Ended::Finished));
}

/// The naive predictors against a count by hand.
#[test]
fn naive_predictors_count_tokens_and_pairs() {
    let (_, prepared) = prepared("aababbab", &TextOptions::default().with_test(0.0).with_validation(0.0));
    let vocabulary = &text_of(&prepared).vocabulary;
    let frequencies = Frequencies::of(vocabulary);
    // Four of each, counted as five.
    assert!((frequencies.log_probability(0) - 0.5f64.ln()).abs() < 1e-15);
    // Of the pairs aa, ab, ba, ab, bb, ba, ab.
    let pairs = Pairs::of(vocabulary, &prepared.train).unwrap();
    for (first, next, probability) in [(0, 1, 3.5 / 5.0), (0, 0, 1.5 / 5.0), (1, 0, 2.5 / 4.0)] {
        assert!((pairs.log_probability(first, next) - f64::ln(probability)).abs() < 1e-15);
    }
}

/// A long text in parts that are read side by side, against one pass of the network.
#[test]
fn a_long_text_is_told_as_in_one_pass() {
    let text = letters(4, 30_000);
    let (table, model) = model(&text, &TextOptions::default().with_test(0.0).with_validation(0.0), 8, 1);
    let (corpus, from) = match model.task() {
        Task::Text(text) => text.part(&table, &HeldOut::All).unwrap(),
        other => panic!("{other:?}"),
    };
    let ids = corpus.ids(0..corpus.len()).unwrap();
    let x: Vec<f64> = ids.iter().map(|&id| id.into()).collect();
    let outputs = predict::run(model.network(), model.parameters(), &[&x]).remove(0);
    let probability = |n: usize| {
        let logits = &outputs[(n - 1) * 4..][..4];
        logits[ids[n] as usize] - logits.iter().map(|logit| logit.exp()).sum::<f64>().ln()
    };
    for from in [from, 5, 29_000] {
        let told = all_told(&model, &corpus, from);
        assert_eq!(told.len(), ids.len() - from);
        for (n, told) in told.iter().enumerate() {
            let expected = probability(from + n);
            let error = (told.log_probability - expected).abs();
            assert!(error < 1e-4, "token {}: {} for {expected}", from + n, told.log_probability);
        }
    }
}

#[test]
fn words_and_bytes_are_measured_by_the_character_too() {
    let text = "die Bäume blühen, die Bäume rauschen. ".repeat(60);
    let text = text.trim_end();
    for (tokens, unit) in [(Tokens::Words, "bits_per_word"), (Tokens::Bytes, "bits_per_byte")] {
        let (table, model) = model(text, &TextOptions::default().with_tokens(tokens), 8, 1);
        let all = model.evaluate(&table, &HeldOut::All).unwrap();
        let Task::Text(task) = model.task() else { panic!() };
        let count = ids_of(&task.vocabulary, text).len() - 1;
        // All but the first token's.
        let characters = text.chars().count() - if tokens == Tokens::Words { 3 } else { 1 };
        let total = figure(&all.model, unit) * count as f64;
        assert!((figure(&all.model, "bits_per_character") - total / characters as f64).abs() < 1e-9);
        // What is generated is text, whatever the tokens are.
        let options = GenerateOptions::default().with_length(300).with_temperature(2.0);
        let written = model.generate("die Bäu", &options);
        match tokens {
            // A word that is cut short is not known: it becomes the unknown token.
            Tokens::Words => assert!(written.unwrap().text().unwrap().contains(' ')),
            _ => assert!(written.unwrap().text().unwrap().chars().count() <= 300),
        }
    }
}

#[test]
fn what_is_written_never_ends_within_a_character() {
    let text = "aß€𝄞".repeat(300);
    let options = TextOptions::default().with_tokens(Tokens::Bytes);
    let (_, model) = model(&text, &options, 4, 1);
    // Barely trained and hot, it would write any byte.
    for seed in 0..40 {
        let options = GenerateOptions::default().with_temperature(5.0).with_length(30).with_seed(seed);
        let mut generator = model.generate("", &options).unwrap();
        let mut all = Vec::new();
        while let Some(ready) = generator.advance().unwrap() {
            assert!(std::str::from_utf8(ready).is_ok(), "{ready:X?}");
            all.extend_from_slice(ready);
        }
        assert_eq!((all.len(), generator.stopped()), (generator.written(), Some(Stopped::Length)));
        // A character that has begun at the end is brought to its end.
        assert!((30..=33).contains(&all.len()), "{}", all.len());
    }
}

#[test]
fn bytes_that_are_no_text_are_learned_and_written() {
    let bytes: Vec<u8> = (0..4000).map(|n| [0xFF, 0x00, 0xC3, 0x28][n % 4]).collect();
    let table = Table::of_text("b.bin", bytes.clone());
    let message = "b.bin, byte 0: 0xFF is not UTF-8; save the text as UTF-8, or read bytes with tokens bytes";
    assert_eq!(Text::prepare(&table, &TextOptions::default()).unwrap_err().to_string(), message);
    let prepared = Text::prepare(&table, &TextOptions::default().with_tokens(Tokens::Bytes)).unwrap();
    let recipe = Recipe::for_task(&prepared.task).with_hidden_size(8).with_embedding_dim(4);
    let train = recipe.train.clone().with_epochs(30).with_learning_rate(0.03);
    let model = recipe.with_train(train).train(&prepared, &table).unwrap();
    let options = GenerateOptions::default().with_temperature(0.0).with_length(8);
    let mut generator = model.generate("(", &options).unwrap();
    assert_eq!(generator.bytes().unwrap(), bytes[..8]);
    let message = "the text that was written, byte 0: it is no UTF-8, as the text that the model learned from was none; \
                   take its bytes";
    assert_eq!(model.generate("(", &options).unwrap().text().unwrap_err().to_string(), message);
    let metrics = &model.record().test.as_ref().unwrap().model;
    assert_eq!(
        metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(),
        ["bits_per_byte", "perplexity", "accuracy"]
    );
}

#[test]
fn a_text_is_what_its_seed_makes() {
    let (_, model) = model(&letters(6, 3000), &TextOptions::default(), 8, 1);
    let generated = |options: &GenerateOptions| model.generate("ab", options).unwrap().text().unwrap();
    let usual = GenerateOptions::default().with_length(60);
    assert_eq!(generated(&usual), generated(&usual));
    assert_ne!(generated(&usual), generated(&usual.clone().with_seed(1)));
    // One token to choose from is the most likely one, however it is said.
    let most_likely = generated(&usual.clone().with_temperature(0.0));
    for one in
        [usual.clone().with_top_k(1), usual.clone().with_top_p(1e-9), usual.clone().with_temperature(1e-9)]
    {
        assert_eq!(generated(&one), most_likely, "{one:?}");
    }
    // No limit at all, however it is said, is another matter.
    for all in [usual.clone().with_top_k(6), usual.clone().with_top_p(1.0)] {
        let text = generated(&all);
        assert_eq!((text.len(), text.chars().all(|c| ('a'..='f').contains(&c))), (60, true));
    }
}

/// Draws against the probabilities that the network says, with limits that leave the three most likely letters.
#[test]
fn tokens_are_drawn_as_often_as_they_are_likely() {
    let (_, model) = model(&letters(6, 3000), &TextOptions::default(), 8, 1);
    let Task::Text(task) = model.task() else { panic!() };
    let prompt: Vec<f64> = ids_of(&task.vocabulary, "abc").into_iter().map(f64::from).collect();
    let outputs = predict::run(model.network(), model.parameters(), &[&prompt]).remove(0);
    let temperature = 0.5;
    let weights: Vec<f64> = outputs[12..].iter().map(|logit| (logit / temperature).exp()).collect();
    let mut sorted = weights.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let total: f64 = weights.iter().sum();
    let usual = GenerateOptions::default().with_length(1).with_temperature(temperature);
    // Two and a half of the three.
    let top_p = (sorted[0] + sorted[1] + sorted[2] / 2.0) / total;
    for (options, kept) in
        [(usual.clone(), 6), (usual.clone().with_top_k(3), 3), (usual.with_top_p(top_p), 3)]
    {
        let mut counts = [0.0; 6];
        let draws = 4000;
        for seed in 0..draws {
            let text = model.generate("abc", &options.clone().with_seed(seed)).unwrap().text().unwrap();
            counts[usize::from(text.as_bytes()[0] - b'a')] += 1.0;
        }
        let limit = sorted[kept - 1];
        let total: f64 = sorted[..kept].iter().sum();
        for (weight, count) in weights.iter().zip(counts) {
            let probability = if *weight >= limit { weight / total } else { 0.0 };
            // Four deviations of a count.
            let deviation = (probability * (1.0 - probability) * draws as f64).sqrt();
            let expected = probability * draws as f64;
            assert!((count - expected).abs() <= 4.0 * deviation, "{options:?}: {count} for {expected}");
        }
    }
}

#[test]
fn a_text_ends_before_the_text_to_stop_at() {
    let (_, model) = model(&RHYME.repeat(60), &TextOptions::default(), 24, 30);
    let options = GenerateOptions::default().with_temperature(0.0).with_length(200);
    for (stop, expected, written) in [
        (Some("peppers"), &RHYME[6..37], 38),
        // The beginning of it comes several times before all of it does.
        (Some("pickled"), &RHYME[6..29], 30),
        (Some("\nPeter"), &RHYME[6..45], 45 + 6 - 6),
        (Some("xyz"), RHYME, 200),
    ] {
        let mut generator =
            model.generate("Peter ", &options.clone().with_stop(stop.map(str::to_owned))).unwrap();
        let (mut text, mut pieces) = (String::new(), Vec::new());
        while let Some(ready) = generator.advance().unwrap() {
            pieces.push(ready.len());
            text.push_str(std::str::from_utf8(ready).unwrap());
        }
        match stop {
            Some("xyz") => assert_eq!((text.len(), generator.stopped()), (200, Some(Stopped::Length))),
            _ => assert_eq!((text.as_str(), generator.stopped()), (expected, Some(Stopped::Stop))),
        }
        assert_eq!((generator.written(), pieces.len()), (written, written), "{stop:?}");
        // It is not all kept back to the end.
        assert!(pieces.iter().filter(|&&len| len > 0).count() > 10);
        assert!(generator.advance().unwrap().is_none());
    }
}

#[test]
fn what_cannot_be_generated_is_refused() {
    let (_, model) = model(&letters(6, 3000), &TextOptions::default(), 4, 1);
    let usual = GenerateOptions::default;
    for (options, message) in [
        (usual().with_length(0), "length is 0; it must be at least 1"),
        (usual().with_temperature(-0.5), "temperature is -0.5; it must be 0 or above, and finite"),
        (usual().with_temperature(f64::NAN), "temperature is NaN; it must be 0 or above, and finite"),
        (usual().with_top_k(0), "top_k is 0; it must be at least 1"),
        (usual().with_top_p(0.0), "top_p is 0; it must be above 0 and at most 1"),
        (usual().with_top_p(1.5), "top_p is 1.5; it must be above 0 and at most 1"),
        (usual().with_stop(String::new()), "stop is empty; give the text to stop at, or leave it out"),
    ] {
        assert_eq!(model.generate("a", &options).unwrap_err().to_string(), message);
    }
    let message = model.generate("abé", &usual()).unwrap_err().to_string();
    assert!(
        message.starts_with("the prompt, line 1, column 3: the model does not know the character \"é\""),
        "{message}"
    );
}

#[test]
fn an_unknown_token_stands_for_what_is_not_known() {
    let options = TextOptions::default().with_unknown(true);
    let text = format!("{}x{}", letters(4, 1500), letters(4, 1500));
    let (table, model) = model(&text, &options, 6, 1);
    let Task::Text(task) = model.task() else { panic!() };
    assert_eq!((task.vocabulary.len(), task.vocabulary.known.len()), (5, 4));
    let written =
        model.generate("aöb", &GenerateOptions::default().with_temperature(3.0)).unwrap().text().unwrap();
    assert!(written.chars().all(|c| ('a'..='d').contains(&c)), "{written}");
    let all = model.evaluate(&table, &HeldOut::All).unwrap();
    let remark = "t.txt: 1 of 3,001 characters (0.03 %) is not known, and read as the unknown token";
    let said: Vec<String> = all.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], remark);
    // After a single epoch at that.
    assert!(
        said[1].starts_with("the baseline frequencies is better than the model: its bits per character is ")
    );
    // In predictions the text shows what stands there.
    let predictions = model.predict(&Table::of_text("p", "\u{FEFF}aöb"), None).unwrap();
    let Answers::Text(tokens) = &predictions.columns()[0].1 else { panic!() };
    assert_eq!(tokens, &["a", "ö", "b"]);
    assert_eq!(task.vocabulary.name(4), "<unknown>");
    // In a prompt it is read, and said.
    let remarks = |prompt: &str| -> Vec<String> {
        let generator = model.generate(prompt, &GenerateOptions::default()).unwrap();
        generator.remarks().iter().map(ToString::to_string).collect()
    };
    let remark = "the prompt: 1 of 3 characters (33.33 %) is not known, and read as the unknown token";
    assert_eq!(remarks("aöb"), [remark]);
    assert_eq!(remarks("ab"), [""; 0]);
}

/// Bits for each character need the characters of all tokens.
#[test]
fn unknown_words_leave_out_bits_per_character() {
    let options = TextOptions::default().with_tokens(Tokens::Words);
    let (_, model) = model(&"one two three four. ".repeat(60), &options, 4, 1);
    let metrics =
        |model: &Model, text: &[u8]| model.evaluate(&Table::of_text("t", text), &HeldOut::All).unwrap().model;
    let has = |metrics: &Metrics| metrics.iter().any(|metric| metric.name == "bits_per_character");
    let known = metrics(&model, b"one two three");
    // Two words of four and six characters.
    let bits = 2.0 * figure(&known, "bits_per_word");
    assert!((figure(&known, "bits_per_character") - bits / 10.0).abs() < 1e-12);
    assert!(!has(&metrics(&model, b"one two five three")));
    let generated = model.generate("one two ", &GenerateOptions::default()).unwrap();
    let remark = "the prompt ends in a blank, which belongs to the word behind it: the model has seldom read one alone; \
                  leave it out";
    let remarks: Vec<String> = generated.remarks().iter().map(ToString::to_string).collect();
    assert_eq!(remarks.last().map(String::as_str), Some(remark));
    assert!(model.generate(" one two", &GenerateOptions::default()).unwrap().remarks().is_empty());
}

/// Of a text in bytes whose tested part only goes on with a character, there are none to divide by.
#[test]
fn bytes_within_a_character_are_no_characters() {
    let options = TextOptions::default().with_tokens(Tokens::Bytes);
    let (_, model) = model(&"né".repeat(400), &options, 4, 1);
    let table = Table::of_text("t", "é");
    let metrics = model.evaluate(&table, &HeldOut::All).unwrap().model;
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["bits_per_byte", "perplexity", "accuracy"]);
}

#[test]
fn what_only_texts_do_is_refused_by_what_the_model_does() {
    let (_, model) = model(&letters(4, 600), &TextOptions::default(), 4, 1);
    let refusal = model.task().kind().stream().unwrap_err();
    let message =
        "this model is there to model texts, which are not read row by row; generate goes on with a text";
    assert_eq!(refusal.naming(&|option| format!("--{option}")), message);
    let error = crate::audio::Player::new(&model, &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "this model is there to model texts, and learned from no sound; models of sound alone play"
    );
}

#[test]
fn what_is_behind_the_training_part_alone_is_remarked() {
    let (_, prepared) = prepared(&format!("{}yz", letters(4, 998)), &TextOptions::default());
    let remark = "2 characters of the vocabulary stand behind the training part alone, known but never learned: \"y\" \
                  (U+0079), \"z\" (U+007A)";
    assert_eq!(prepared.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(), [remark]);
}

#[test]
fn texts_that_are_too_short_or_say_nothing_are_refused() {
    let usual = TextOptions::default();
    assert_eq!(refusal(b"", &usual), "t.txt: the text is empty; give one to learn from");
    assert_eq!(refusal(b"\xEF\xBB\xBF", &usual), "t.txt: the text is empty; give one to learn from");
    let message = "t.txt: there are 3 characters, of which 0 are left to learn from; give a longer text, or a smaller share \
                   for test and validation";
    assert_eq!(refusal(b"abc", &usual), message);
    let message = "t.txt: it is the same character again and again, so there is nothing to learn";
    assert_eq!(refusal(&[b'a'; 1000], &usual), message);
    let message =
        "t.txt: no word is there twice, so all are unknown; give a longer text, or leave out unknown";
    assert_eq!(refusal(b"one two three four five six", &usual.clone().with_tokens(Tokens::Words)), message);
    let table = Table::read("t.csv", "a\n1\n".as_bytes()).unwrap();
    let message = "t.csv: these are rows of a table; a language model needs a text";
    assert_eq!(Text::prepare(&table, &usual).unwrap_err().to_string(), message);
    for (options, message) in [
        (usual.clone().with_test(1.0), "test is 1; it must be at least 0 and below 1"),
        (usual.clone().with_window(0), "window is 0; it must be at least 1"),
        (usual.clone().with_vocabulary(0), "vocabulary is 0; it must be at least 1"),
        (
            usual.clone().with_unknown(false).with_vocabulary(3),
            "vocabulary leaves tokens out, which become the unknown token; leave one of the two out",
        ),
        (
            usual.clone().with_tokens(Tokens::Bytes).with_unknown(true),
            "unknown has no meaning for bytes, all of which are known; leave it out",
        ),
    ] {
        assert_eq!(refusal(b"abc", &options), message);
    }
    // A text shorter than a sequence, of which the shortest has all parts.
    for len in [5, 20, 200] {
        let (_, prepared) = prepared(&letters(4, len), &usual);
        assert_eq!(prepared.train.len(), 1);
        assert!(!prepared.validation.is_empty() && prepared.held_out.is_some());
    }
}

#[test]
fn a_model_of_a_text_is_saved_and_read() {
    for tokens in Tokens::ALL {
        let text = format!("{} {}", letters(4, 600), RHYME.repeat(5));
        let (table, model) = model(&text, &TextOptions::default().with_tokens(tokens), 4, 1);
        let again = Model::from_bytes("m", &model.to_bytes().unwrap()).unwrap();
        assert_eq!(again.task(), model.task());
        let [a, b] = [&model, &again].map(|model| model.evaluate(&table, &HeldOut::All).unwrap().model);
        assert_eq!(a, b);
    }
}

#[test]
fn tasks_that_fit_nothing_are_refused() {
    let (_, prepared) = prepared(RHYME, &TextOptions::default());
    let sound = text_of(&prepared);
    assert_eq!(sound.check(), Ok(()));
    let refused = |change: fn(&mut Vocabulary)| {
        let mut text = sound.clone();
        change(&mut text.vocabulary);
        text.check().unwrap_err()
    };
    assert_eq!(refused(|v| v.counts.truncate(3)), "its tokens do not fit together");
    assert_eq!(refused(|v| v.known[1] = "ab".into()), "its characters are none");
    assert_eq!(refused(|v| v.known[1] = v.known[0].clone()), "its characters are none");
    assert_eq!(refused(|v| v.tokens = Tokens::Bytes), "its bytes are none");
    assert_eq!(refused(|v| v.unknown = true), "its tokens do not fit together");
}

/// A network of one-hot inputs is one whose input weights are looked up: the one that reads what an embedding of the
/// identity gives.
#[test]
fn one_hot_inputs_are_an_embedding_of_the_identity() {
    let (_, prepared) = prepared(&letters(5, 600), &TextOptions::default());
    let recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
    let one_hot = recipe.clone().with_embedding_dim(0).network(&prepared.task).unwrap();
    let learned = recipe.with_embedding_dim(5).network(&prepared.task).unwrap();
    let parameters: Vec<f64> = Init::Torch.draw(&one_hot, 3).unwrap();
    let identity = (0..25).map(|n| if n % 6 == 0 { 1.0 } else { 0.0 });
    let same: Vec<f64> = identity.chain(parameters.iter().copied()).collect();
    let x = &prepared.train.example(0).unwrap().x;
    let run = |network, parameters| predict::run(network, &crate::float::Parameters::F64(parameters), &[x]);
    assert_eq!(run(&one_hot, parameters), run(&learned, same));
}

/// The mean of an ensemble's probabilities is what is told and what is drawn from.
#[test]
fn an_ensemble_tells_the_mean_of_its_probabilities() {
    let (table, prepared) = prepared(&letters(4, 2000), &TextOptions::default());
    let recipe = Recipe::for_task(&prepared.task).with_hidden_size(4).with_embedding_dim(4).with_ensemble(2);
    let train = recipe.train.clone().with_epochs(1);
    let model = recipe.with_train(train).train(&prepared, &table).unwrap();
    let ids = [0, 1, 2, 3];
    let x: Vec<f64> = ids.iter().map(|&id: &Id| id.into()).collect();
    let told = all_told(&model, &corpus_of(&text_of(&prepared).vocabulary, "abcd"), 3);
    let probability = |member: usize| {
        let weights = &model.ensemble().members()[member];
        let outputs = predict::run(weights.network(), weights.parameters(), &[&x]).remove(0);
        let logits = &outputs[8..12];
        logits[3].exp() / logits.iter().map(|logit| logit.exp()).sum::<f64>()
    };
    let mean = (probability(0) + probability(1)) / 2.0;
    assert!((told[0].log_probability.exp() - mean).abs() < 1e-9);
    assert!((told[0].log_probability / LN_2).is_finite());
    assert_eq!(model.generate("abc", &GenerateOptions::default()).unwrap().text().unwrap().len(), 500);
}

/// A text of words in several alphabets, with apostrophes, blanks and signs wherever they may stand, and one word that is
/// four times as `long`.
fn motley(count: usize, long: usize) -> String {
    let parts = ["'", " ", "a", "\u{E9}", "\u{20AC}", "\n", "the", "x'y", "\u{1F600}", "."];
    let letters = letters(parts.len() as u64, count);
    let mut text: String = letters.bytes().map(|letter| parts[usize::from(letter - b'a')]).collect();
    text.push_str(&"long".repeat(long));
    text + " end"
}

#[test]
fn tokens_are_the_same_however_a_text_is_cut_into_blocks() {
    let text = motley(150_000, 40_000);
    for tokens in [Tokens::Characters, Tokens::Words] {
        let document = Arc::new(Document::of(text.clone().into()));
        let (cut, counts) = Cut::counted("t", &document, tokens).unwrap();
        let options = TextOptions::default().with_tokens(tokens).with_unknown(false);
        let (vocabulary, unknown) = Vocabulary::of((&cut, counts), &options, cut.found.len).unwrap();
        let corpus = Corpus::of_its_own(cut, &vocabulary, unknown);
        let whole: Vec<&str> = tokens.split(&text).collect();
        assert_eq!((corpus.len(), unknown), (whole.len(), 0));
        assert_eq!(corpus.shown().unwrap(), whole);
        let name = |&id: &Id| vocabulary.known[id as usize].as_str();
        let ids = corpus.ids(0..corpus.len()).unwrap();
        assert!(ids.iter().map(name).eq(whole.iter().copied()));
        // Any part of them, over the border of two blocks.
        assert_eq!(corpus.ids(8000..8300).unwrap(), ids[8000..8300]);
        let counts: u64 = vocabulary.counts.iter().sum();
        assert_eq!(counts, whole.len() as u64);
    }
}

/// What is found out about a text is kept with it: how often a token stands in the part that is learned from, which tokens a
/// vocabulary does not know.
#[test]
fn a_text_is_gone_through_once() {
    let text = motley(30_000, 300);
    for tokens in Tokens::ALL {
        let table = Table::of_text("t", text.clone());
        let document = table.stored_document().unwrap();
        let options = TextOptions::default().with_tokens(tokens).with_unknown(tokens == Tokens::Words);
        let options = options.with_test(0.3).with_validation(0.2);
        let prepared = Text::prepare(&table, &options).unwrap();
        let crate::task::Task::Text(task) = &prepared.task else { panic!("a text") };
        let found = document.known(|_: &super::cut::Found| true).unwrap();
        let (corpus, _) = task.part(&table, &HeldOut::LastRows(100)).unwrap();
        assert_eq!(found.unknown_by(&task.vocabulary), Some(corpus.unknown_tokens()));
        let again = document.known(|_: &super::cut::Found| true).unwrap();
        assert!(Arc::ptr_eq(&found, &again), "{tokens}");
        // One by one it is the same.
        let fresh = Table::of_text("t", text.clone());
        let (one_by_one, _) = task.part(&fresh, &HeldOut::LastRows(100)).unwrap();
        let ids = |corpus: &Corpus| corpus.ids(0..corpus.len()).unwrap();
        assert_eq!(ids(&one_by_one), ids(&corpus));
        assert_eq!(one_by_one.unknown_tokens(), corpus.unknown_tokens());
        let mut counts = vec![0; task.vocabulary.len()];
        let learned = task.vocabulary.num_trained() as usize;
        assert!(
            learned < corpus.len() * 6 / 10 && learned > corpus.len() / 2,
            "{learned} of {}",
            corpus.len()
        );
        ids(&corpus)[..learned].iter().for_each(|&id| counts[id as usize] += 1);
        assert_eq!(counts, task.vocabulary.counts, "{tokens}");
        // Another vocabulary finds what it does not know, each time.
        if tokens == Tokens::Characters {
            let other = Table::of_text("o", "abc".repeat(400));
            let options = TextOptions::default();
            let crate::task::Task::Text(other) = Text::prepare(&other, &options).unwrap().task else {
                panic!()
            };
            let refused = || other.part(&table, &HeldOut::All).unwrap_err().to_string();
            assert_eq!(refused(), refused());
            assert_eq!(ids(&task.part(&table, &HeldOut::All).unwrap().0), ids(&corpus));
        }
    }
}

/// The model of a text that stays in its file is that of one in memory, and of the same examples in memory, to the byte.
#[test]
fn a_text_in_its_file_makes_the_same_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), motley(15_000, 10)).unwrap();
    for tokens in Tokens::ALL {
        let options = TextOptions::default().with_tokens(tokens).with_vocabulary(None).with_window(3000);
        let open = |held| Table::open_text_holding(file.path(), held).unwrap();
        let (in_memory, stored) = (open(1 << 20), open(0));
        assert!(in_memory.document().is_some() && stored.document().is_none());
        let prepared = Text::prepare(&in_memory, &options).unwrap();
        let recipe = Recipe::for_task(&prepared.task).with_hidden_size(3).with_embedding_dim(2);
        let recipe = recipe.clone().with_train(recipe.train.with_epochs(1).with_batch_size(4));
        let model =
            |prepared: &Prepared, table: &Table| recipe.train(prepared, table).unwrap().to_bytes().unwrap();
        let streamed = Text::prepare(&stored, &options).unwrap();
        let data = |prepared: &Prepared| fingerprint([&prepared.train, &prepared.validation]);
        assert_eq!(data(&prepared), data(&streamed));
        let bytes = model(&prepared, &in_memory);
        assert_eq!(bytes, model(&streamed, &stored), "{tokens}");
        let mut as_examples = prepared.clone();
        as_examples.train = held(&prepared.train).into();
        as_examples.validation = held(&prepared.validation).into();
        assert_eq!(bytes, model(&as_examples, &in_memory), "{tokens}");
        let model = Model::from_bytes("m", &bytes).unwrap();
        let [a, b] = [&in_memory, &stored].map(|table| model.predict(table, None).unwrap());
        // The first token has no bits, and NaN is no number that equals another.
        assert!(a.columns()[0] == b.columns()[0] && a.columns()[2] == b.columns()[2]);
        let [a, b] = [&in_memory, &stored].map(|table| model.evaluate(table, &HeldOut::All).unwrap());
        assert_eq!(a, b);
    }
}

#[test]
fn a_file_that_changes_while_it_is_learned_is_an_error() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = letters(5, 40_000);
    let changed = "has changed while it was read; large files are read part by part, so leave it as it is until the end, \
                   and start again";
    let mut learn = |change: fn(&mut std::fs::File)| {
        std::fs::write(file.path(), &text).unwrap();
        let table = Table::open_text_holding(file.path(), 0).unwrap();
        let options = TextOptions::default().with_window(20_000);
        let prepared = Text::prepare(&table, &options).unwrap();
        let recipe = Recipe::for_task(&prepared.task).with_hidden_size(2).with_embedding_dim(2);
        let recipe = recipe.clone().with_train(recipe.train.with_epochs(1).with_truncate(1000));
        let mut run = Run::new(&recipe, &prepared).unwrap();
        let file = file.as_file_mut();
        let mut meddle = |event: &Event<'_>| {
            if let Event::Batch { .. } = event {
                change(file);
            }
            Control::Continue
        };
        let error = run.train(&mut [&mut meddle]).unwrap_err().to_string();
        assert!(error.ends_with(changed), "{error}");
    };
    learn(|file| file.set_len(30_000).unwrap());
    learn(|file| {
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    });
}
