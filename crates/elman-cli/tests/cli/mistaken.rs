//! Files and arguments that stand where others are meant: each is called what it is.

use crate::common::{Place, airline};

/// The head of a WAV file and some silence, which is UTF-8 throughout.
fn wav() -> Vec<u8> {
    let format = [1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0];
    [b"RIFF\x44\0\0\0WAVEfmt \x10\0\0\0", &format[..], b"data\x20\0\0\0", &[0; 32]].concat()
}

fn place() -> Place {
    let place = Place::with("s.csv", airline());
    place.ok("train s.csv -q --epochs 1 --hidden-size 2 --season 0 -o m.elman");
    for name in ["a.wav", "b.wav", "c.wav", "d.wav"] {
        place.write(name, wav());
    }
    place.write("p.png", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR");
    place.write("p.pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
    place.write("x.parquet", b"PAR1\x15\x04\x15\0PAR1");
    place.write("m.flac", b"fLaC\0\0\0\x22\x10");
    place.write("t.txt", "So many words, so little said. ".repeat(200));
    place.write("m.nam", "{\"version\": \"0.5.4\", \"architecture\": \"LSTM\", \"weights\": []}");
    place
}

#[test]
fn files_of_other_kinds_are_called_what_they_are() {
    let place = place();
    let sound =
        "sound is learned by the task label, from what went into a device and what came out, with --audio";
    let no_text = |what: &str, way: &str| {
        format!("{what}, no plain text; {way}; whatever it is, its bytes are learned with --tokens bytes")
    };
    for (command, message) in [
        ("train text a.wav", no_text("a.wav: is a recording (WAV)", sound)),
        ("train text m.flac", no_text("m.flac: is a FLAC file", sound)),
        ("train text p.png", no_text("p.png: is a picture (PNG)", "give a text")),
        ("train text m.elman", no_text("m.elman: is a model file", "give a text")),
        ("train text p.pdf", no_text("p.pdf: is a PDF document", "save it as plain text")),
        (
            "train text x.parquet",
            no_text("x.parquet: is a Parquet file", "tables are for other tasks, such as forecast"),
        ),
        ("train forecast m.flac", format!("m.flac is a FLAC file, no table; {sound}")),
        ("train classify a.wav", format!("a.wav is a recording (WAV), no table; {sound}")),
        ("train label --audio s.csv b.wav", "s.csv: is a text, no WAV file; give a recording".into()),
        ("train label --audio a.wav p.png", "p.png: is a picture (PNG), no WAV file; give a recording".into()),
        ("train label --audio m.elman b.wav", "m.elman: is a model file, no WAV file; give a recording".into()),
        (
            "predict m.nam a.wav",
            "m.nam is not a model file of Elman; it looks like one of another program, of which `elman import m.nam` makes \
             one"
            .into(),
        ),
        (
            "inspect a.wav",
            "a.wav is not a model file of Elman; it is a recording (WAV); make one with `elman train`".into(),
        ),
        ("inspect s.csv", "s.csv is not a model file of Elman; make one with `elman train`".into()),
        ("import m.elman", "m.elman is a file of elman already; it needs no import".into()),
        ("import a.wav", "a.wav: is a recording (WAV), and no network in JSON".into()),
    ] {
        place.refuses(1, command, &message);
    }
    // Its bytes are learned, if that is asked for; a text may begin as a file of another kind does.
    place.ok(
        "train text p.png --tokens bytes --epochs 1 --hidden-size 2 --test 0 --validation 0 -q -o b.elman",
    );
    place.write("orc.txt", "ORC and BZh and %PDF were three who said M\u{FC}\u{DF}iggang. ".repeat(100));
    place.ok("train text orc.txt --epochs 1 --hidden-size 2 -q -o o.elman");
}

#[test]
fn a_model_stands_before_its_data() {
    let place = place();
    for command in ["predict", "evaluate", "backtest"] {
        let message = "s.csv is no model, but m.elman is: the model stands before the data, m.elman s.csv";
        place.refuses(2, &format!("{command} s.csv m.elman"), message);
        let message = place.refused(1, &format!("{command} s.csv s.csv"));
        assert_eq!(message, "s.csv is not a model file of Elman; make one with `elman train`");
    }
}

#[test]
fn each_pair_of_recordings_has_its_own_option() {
    let place = place();
    let pairs = "recordings come in pairs, what went into a device and what came out, each behind an --audio of its own: --audio \
                 in1.wav out1.wav --audio in2.wav out2.wav";
    for (arguments, start) in [
        ("train label --audio a.wav b.wav c.wav d.wav", "unexpected argument \"d.wav\"; "),
        ("train --audio a.wav b.wav c.wav", "c.wav stands beside no other; "),
        ("train label --audio a.wav b.wav c.wav", "c.wav stands beside no other; "),
        ("train label --audio a.wav", "--audio names a single file; "),
        ("train label --audio a.wav --audio b.wav c.wav", "--audio names a single file; "),
        ("tune label --audio a.wav b.wav c.wav d.wav", "unexpected argument \"d.wav\"; "),
        ("evaluate m.elman --audio a.wav b.wav c.wav d.wav", "unexpected argument \"d.wav\"; "),
        ("evaluate m.elman --audio a.wav", "--audio names a single file; "),
    ] {
        place.refuses(2, arguments, &format!("{start}{pairs}"));
    }
    let behind = "unexpected argument \"b.wav\"; two recordings stand behind --audio: elman train label --audio input.wav \
                  target.wav";
    place.refuses(2, "train label a.wav b.wav", behind);
    let behind = "unexpected argument \"o.wav\"; what is made of a recording goes behind -o: elman predict MODEL input.wav -o output.wav";
    place.refuses(2, "predict m.elman a.wav o.wav", behind);
    // Of other arguments nothing more is known.
    assert!(place.refused(2, "train label s.csv t.txt").starts_with("unexpected argument 't.txt' found"));
    let message = "--audio is for the task label, and stands in the place of DATA: elman train label --audio input.wav target.wav";
    place.refuses(2, "train forecast --audio a.wav b.wav", message);
}

#[test]
fn what_a_text_is_called_and_how_its_lines_end_is_said() {
    let place = place();
    let quick = "--epochs 1 --hidden-size 2 -o t.elman";
    place.write("dos.txt", "one line\r\nanother line\r\n".repeat(60));
    let said = place.ok(&format!("train text dos.txt {quick}")).stderr;
    let note = "note: all 120 lines end as on Windows, with a carriage return (U+000D) before the line feed, which is learned and \
                generated as it is; to do without, take them out: tr -d '\\r'\n";
    assert!(said.contains(note) && said.matches("carriage return").count() == 1, "{said}");
    let said = place.ok(&format!("train text s.csv {quick}")).stderr;
    let note = "note: by its name this is a table, of which a text learns the letters and digits one after the other; other tasks \
                learn its columns, as forecast does\n";
    assert!(said.contains(note) && !said.contains("Windows"), "{said}");
    let said = place.ok(&format!("train text t.txt {quick}")).stderr;
    assert!(!said.contains("Windows") && !said.contains("table"), "{said}");
}
