use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavSpecEx, WavWriter};
use proptest::prelude::*;

use super::*;
use crate::error::{ConfigError, Error};
use crate::table::Table;

/// A WAV file of one byte after another: PCM or float, as its head says.
fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let align = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(align)).to_le_bytes());
    bytes.extend(align.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

/// The same with the head that is named `WAVEFORMATEXTENSIBLE`, of so many valid bits in a sample.
fn extended(plain: &[u8], valid_bits: u16) -> Vec<u8> {
    let tag = &plain[20..22];
    // What is known of GUIDs of kinds of samples behind their tag.
    let kind = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
    // The size of what follows, the valid bits, a channel mask and the GUID.
    let extension = [&[22, 0], &valid_bits.to_le_bytes()[..], &[4, 0, 0, 0], tag, &kind].concat();
    let mut bytes = [&plain[..36], &extension, &plain[36..]].concat();
    bytes[16..20].copy_from_slice(&40u32.to_le_bytes());
    bytes[20..22].copy_from_slice(&0xFFFEu16.to_le_bytes());
    bytes
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    Recording::read("x.wav", bytes, None).unwrap().samples
}

fn refusal(bytes: &[u8], channel: Option<usize>) -> String {
    Recording::read("x.wav", bytes, channel).unwrap_err().to_string()
}

fn recording(name: &str, sample_rate: u32, samples: Vec<f32>) -> Recording {
    Recording { name: name.into(), sample_rate, samples }
}

/// Noise in `[-1, 1)`, the same for each seed.
fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// What a device with a low pass and a soft limit makes of an input, so much later.
fn device(input: &[f32], delay: i64) -> Vec<f32> {
    let mut state = 0.0f32;
    let at = |n: i64| usize::try_from(n).ok().and_then(|n| input.get(n)).copied().unwrap_or(0.0);
    let answer = |n: i64| {
        state += 0.25 * (at(n - delay) - state);
        (3.0 * state).tanh()
    };
    (0..input.len() as i64).map(answer).collect()
}

#[test]
fn integers_are_shares_of_full_scale() {
    assert_eq!(samples(&wav(1, 1, 8000, 8, &[0, 64, 128, 255])), [-1.0, -0.5, 0.0, 127.0 / 128.0]);
    let data = [i16::MIN, -1, 0, i16::MAX].map(i16::to_le_bytes).concat();
    assert_eq!(samples(&wav(1, 1, 8000, 16, &data)), [-1.0, -1.0 / 32768.0, 0.0, 32767.0 / 32768.0]);
    assert_eq!(
        samples(&wav(1, 1, 8000, 24, &[0, 0, 0x80, 0, 0, 0x40, 1, 0, 0])),
        [-1.0, 0.5, 1.0 / 8_388_608.0]
    );
    let data = [i32::MIN, 1 << 30].map(i32::to_le_bytes).concat();
    assert_eq!(samples(&wav(1, 1, 8000, 32, &data)), [-1.0, 0.5]);
    let data = [1.5f32, -0.25].map(f32::to_le_bytes).concat();
    assert_eq!(samples(&wav(3, 1, 8000, 32, &data)), [1.5, -0.25]);
}

/// The bytes of integers of so many bits, moved up by as many as there is room for above them.
fn containers(integers: &[i64], bits: u16, bytes: usize, is_upper: bool) -> Vec<u8> {
    let up = if is_upper { 8 * bytes - usize::from(bits) } else { 0 };
    integers.iter().flat_map(|integer| (integer << up).to_le_bytes()[..bytes].to_vec()).collect()
}

/// Integers with room for more bits than they have are at the upper end of it, as Microsoft says of `wValidBitsPerSample`,
/// and at the lower where that is plain to see: so do `arecord` and hound write them.
#[test]
fn integers_are_found_where_they_are_in_their_bytes() {
    let mut draw = noise(6);
    for (bits, bytes) in [(24, 4), (20, 4), (20, 3), (16, 4), (16, 3), (12, 2), (12, 4), (17, 3), (31, 4)] {
        let scale = (1i64 << (bits - 1)) as f64;
        // Silence, which tells nothing, then quiet and loud samples.
        let mut integers = vec![0i64; 20_000];
        integers.extend((0..500).map(|n| (f64::from(draw()) * scale * f64::from(n) / 500.0) as i64));
        integers.extend([-(1i64 << (bits - 1)), (1 << (bits - 1)) - 1]);
        let expected: Vec<f32> = integers.iter().map(|&integer| (integer as f64 / scale) as f32).collect();
        for is_upper in [true, false] {
            let data = containers(&integers, bits, bytes, is_upper);
            let plain = wav(1, 1, 8000, 8 * bytes as u16, &data);
            let mut named = plain.clone();
            named[34..36].copy_from_slice(&bits.to_le_bytes());
            for file in [extended(&plain, bits), named] {
                assert_eq!(samples(&file), expected, "{bits} bits in {bytes} bytes, {is_upper}");
                let (_file, stored) = track(&file, None, 0);
                assert_eq!(*stored.read(20_100..20_200).unwrap(), expected[20_100..20_200]);
                assert_eq!(stored.read(0..expected.len()).unwrap(), expected);
            }
        }
    }
}

/// What a device of 16 bits gives `arecord -f S24_LE` has no bits where the upper ones would have none either.
#[test]
fn integers_that_would_be_too_quiet_are_at_the_lower_end() {
    let integers: Vec<i64> = (-100..100).map(|n| ((n * 80_000) >> 8) << 8).collect();
    let expected: Vec<f32> =
        integers.iter().map(|&integer| (integer as f64 / 2f64.powi(23)) as f32).collect();
    for is_upper in [true, false] {
        let file = extended(&wav(1, 1, 8000, 32, &containers(&integers, 24, 4, is_upper)), 24);
        assert_eq!(samples(&file), expected, "{is_upper}");
    }
    // A single bit, in the widest bytes; and silence.
    let one = extended(&wav(1, 1, 8000, 32, &containers(&[0, -1, 0], 1, 4, true)), 1);
    assert_eq!(samples(&one), [0.0, -1.0, 0.0]);
    let silent = extended(&wav(1, 1, 8000, 32, &[0; 64]), 24);
    assert_eq!(samples(&silent), [0.0; 16]);
}

/// Bits below the valid ones belong to the number, where it is at the upper end.
#[test]
fn integers_with_more_than_their_valid_bits_are_taken_whole() {
    let integers = [3i64, -1, 1 << 30, -(1 << 31)];
    let file = extended(&wav(1, 1, 8000, 32, &containers(&integers, 32, 4, true)), 24);
    assert_eq!(samples(&file), integers.map(|integer| (integer as f64 / 2f64.powi(31)) as f32));
    // More valid bits than there is room for, and a file that ends early.
    assert!(refusal(&extended(&wav(1, 1, 8000, 16, &[0; 32]), 24), None).contains("convert it to PCM"));
    let cut = &extended(&wav(1, 2, 8000, 32, &[1; 64]), 24)[..99];
    assert!(refusal(cut, Some(1)).contains("is cut short"));
}

/// As SciPy and SoX write them, in a plain head or one with an extension.
#[test]
fn doubles_are_rounded_to_floats() {
    let values = [1.5, -0.25, 0.1, 1e-300, f64::from(f32::MAX)];
    let data = values.map(f64::to_le_bytes).concat();
    let plain = wav(3, 1, 8000, 64, &data);
    let extended = extended(&plain, 64);
    for bytes in [plain, extended] {
        assert_eq!(samples(&bytes), values.map(|value| value as f32));
        let (_file, stored) = track(&bytes, None, 0);
        assert_eq!(*stored.read(1..4).unwrap(), [-0.25, 0.1, 0.0]);
    }
    let stereo = wav(3, 2, 8000, 64, &[1.0, 2.0, 3.0, 4.0].map(f64::to_le_bytes).concat());
    assert_eq!(Recording::read("x.wav", stereo.as_slice(), Some(2)).unwrap().samples, [2.0, 4.0]);
    let message = refusal(&wav(3, 1, 8000, 64, &[0.0, 1e300].map(f64::to_le_bytes).concat()), None);
    assert!(message.starts_with("x.wav: ") && message.contains("sample 2 "), "{message}");
}

#[test]
fn of_several_channels_one_is_chosen() {
    let data = [1i16, 2, 3, 4].map(i16::to_le_bytes).concat();
    let stereo = wav(1, 2, 8000, 16, &data);
    assert_eq!(refusal(&stereo, None), "x.wav: has 2 channels; choose one, from 1 to 2, with channel");
    let right = Recording::read("x.wav", stereo.as_slice(), Some(2)).unwrap();
    assert_eq!(right.samples, [2.0 / 32768.0, 4.0 / 32768.0]);
    let none = "x.wav: has 2 channels, and no channel 3; they are counted from 1: channel";
    assert_eq!(refusal(&stereo, Some(3)), none);
    assert!(refusal(&stereo, Some(0)).contains("no channel 0"));
}

#[test]
fn what_is_no_whole_recording_is_refused_by_name() {
    let whole = wav(1, 1, 8000, 16, &[0; 64]);
    for length in 0..whole.len() {
        let message = refusal(&whole[..length], None);
        assert!(message.starts_with("x.wav: ") && message.contains(';'), "{length}: {message}");
    }
    assert!(refusal(&whole[..whole.len() - 1], None).contains("is cut short"));
    assert!(refusal(b"time,value\n1,2\n", None).contains("no WAV file"));
    assert!(refusal(&wav(1, 1, 8000, 16, &[]), None).contains("has no samples"));
    assert!(refusal(&wav(2, 1, 8000, 16, &[0; 4]), None).contains("convert it to PCM"));
    assert!(refusal(&wav(1, 1, 0, 16, &[0; 4]), None).contains("0 samples per second"));
    let data = [0.5, f32::NAN].map(f32::to_le_bytes).concat();
    let message = "x.wav: its sample 2 (at 0.00 s) is NaN; samples are finite numbers";
    assert_eq!(refusal(&wav(3, 1, 8000, 32, &data), None), message);
}

#[test]
fn one_file_of_a_pair_may_have_one_channel() {
    let place = tempfile::tempdir().unwrap();
    let [mono, stereo] = ["mono.wav", "stereo.wav"].map(|name| place.path().join(name));
    let bytes = |values: &[i16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    std::fs::write(&mono, wav(1, 1, 8000, 16, &bytes(&[1, 2, 3]))).unwrap();
    std::fs::write(&stereo, wav(1, 2, 8000, 16, &bytes(&[4, 5, 6, 7, 8, 9]))).unwrap();
    let read = |paths, channel| {
        let Pair { input, target, .. } = Pair::open(paths, channel, &[])?;
        let first = |track: Track| Ok::<_, Error>(track.read(0..1)?[0] * 32_768.0);
        Ok::<_, Error>((first(input)?, first(target)?))
    };
    assert_eq!(read([&mono, &stereo], Some(2)).unwrap(), (1.0, 5.0));
    assert_eq!(read([&stereo, &mono], Some(1)).unwrap(), (4.0, 1.0));
    assert_eq!(read([&stereo, &stereo], Some(2)).unwrap(), (5.0, 5.0));
    for (paths, channel, refusal) in [
        ([&mono, &mono], Some(2), "mono.wav: has 1 channel, and no channel 2"),
        ([&mono, &stereo], Some(3), "stereo.wav: has 2 channels, and no channel 3"),
        ([&mono, &stereo], None, "stereo.wav: has 2 channels; choose one, from 1 to 2, with"),
    ] {
        let error = read(paths.map(|path| path.as_path()), channel).unwrap_err().to_string();
        assert!(error.contains(refusal), "{error}");
    }
}

#[test]
fn files_of_other_kinds_are_called_by_name() {
    let convert = "convert it to WAV, PCM of 16 or 24 bits or float of 32, with ffmpeg or SoX for example, and try again";
    let kinds: [(&[u8], &str); 10] = [
        (b"fLaC\0\0\0\x22", "a FLAC file"),
        (b"OggS\0\x02", "an Ogg file"),
        (b"ID3\x04\0\0", "an MP3 file"),
        (b"\xFF\xFB\x90\x64", "an MP3 file"),
        (b"FORM\0\0\x01\0AIFFCOMM", "an AIFF file"),
        (b"\0\0\0\x20ftypM4A ", "an MPEG-4 file"),
        (b"caff\0\x01\0\0", "a CAF file"),
        (b"RIFX\0\0\x01\0WAVEfmt ", "a RIFX file, which has its bytes in the other order"),
        (b"RF64\xFF\xFF\xFF\xFFWAVEds64", "an RF64 file, as recordings over 4 GB are"),
        (b"RIFF\0\0\x01\0AVI LIST", "an AVI file"),
    ];
    for (start, kind) in kinds {
        let bytes = [start, &[0; 64]].concat();
        assert_eq!(refusal(&bytes, None), format!("x.wav: is {kind}; {convert}"));
    }
    assert_eq!(refusal(&[], None), "x.wav: is empty; record or copy it again");
    let whole = wav(1, 1, 8000, 16, &[0; 64]);
    assert_eq!(refusal(&whole[..36], None), "x.wav: ends before its samples begin; record or copy it again");
    for (tag, name) in [(2, "compressed samples (Microsoft ADPCM)"), (7, "compressed samples (mu-law)")] {
        let message = refusal(&wav(tag, 1, 8000, 8, &[0; 64]), None);
        assert!(
            message.starts_with(&format!("x.wav: is a WAV file of {name}; convert it to PCM")),
            "{message}"
        );
    }
    let message = refusal(&wav(0x161, 1, 8000, 16, &[0; 64]), None);
    assert!(message.contains("another kind of samples (format 0x0161)"), "{message}");
}

/// Chunks that recorders put before the samples, of odd and even length, and the byte behind odd ones.
#[test]
fn chunks_before_the_samples_are_passed_over() {
    let plain = wav(3, 1, 8000, 32, &[0.5f32, -0.25].map(f32::to_le_bytes).concat());
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let size = content.len() as u32;
        let padding = vec![0; content.len() % 2];
        [&name[..], &size.to_le_bytes(), content, &padding].concat()
    };
    for before in
        [chunk(b"iXML", b"<odd>"), [chunk(b"LIST", b"abc"), chunk(b"bext", b"even")].concat(), Vec::new()]
    {
        for place in [12, 36] {
            let bytes = [&plain[..place], &before, &plain[place..]].concat();
            assert_eq!(samples(&bytes), [0.5, -0.25], "{} bytes at {place}", before.len());
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            // The last sample alone, from where the file stands.
            let track = Track::open_holding(file.path(), None, 0).unwrap();
            assert_eq!(*track.read(1..2).unwrap(), [-0.25]);
            let cut = &bytes[..place + before.len() / 2];
            assert!(Recording::read("x.wav", cut, None).is_err());
        }
    }
}

#[test]
fn a_head_without_a_length_is_told() {
    let message = "x.wav: does not say in its head how many samples there are, as when it was written to a pipe; write it to a file";
    for bits in [8, 16, 24] {
        for unknown in [u32::MAX, u32::MAX - 36, 0x7FFF_F000] {
            let mut bytes = wav(1, 1, 8000, bits, &[1; 48]);
            bytes[40..44].copy_from_slice(&unknown.to_le_bytes());
            assert_eq!(refusal(&bytes, None), message);
        }
    }
    let mut bytes = wav(1, 1, 8000, 16, &[1; 33]);
    bytes[40..44].copy_from_slice(&33u32.to_le_bytes());
    assert!(refusal(&bytes, None).starts_with("x.wav: is damaged, or no WAV file: "));
}

#[test]
fn samples_of_unusual_sizes_are_called_by_name() {
    let convert = "convert it to PCM of 16 or 24 bits, or to float of 32, and try again";
    assert_eq!(
        refusal(&wav(3, 1, 8000, 16, &[0; 32]), None),
        format!("x.wav: has floating point samples of other than 32 or 64 bits; {convert}")
    );
}

proptest! {
    #[test]
    fn any_bytes_after_a_head_are_read_or_refused(mut head in prop::collection::vec(any::<u8>(), 0..44), keep in 0usize..44) {
        let mut bytes = wav(1, 1, 8000, 16, &[1; 32]);
        head.truncate(44 - keep);
        let places = bytes[keep..].iter_mut().zip(&head);
        places.for_each(|(byte, other)| *byte = *other);
        let _ = Recording::read("x.wav", bytes.as_slice(), None);
    }
}

#[test]
fn files_that_are_written_are_read_back() {
    let values = [0.0, 0.3, -1.0, 1.0, 1.7, -2.5];
    assert_eq!(samples(&Wav::Float.write(44_100, &values).unwrap()), values);
    let bytes = Wav::Int24.write(44_100, &values).unwrap();
    let most = 8_388_607.0 / 8_388_608.0;
    // 0.3 in 32 bits is 2,516,582.5 of the integer steps and a little more.
    let expected = [0.0, 2_516_583.0 / 8_388_608.0, -1.0, most, most, -1.0];
    assert_eq!(samples(&bytes), expected);
    assert_eq!(Recording::read("x.wav", bytes.as_slice(), None).unwrap().sample_rate, 44_100);
}

/// What hound writes, of samples in so many bytes: as they are, or as the integers that they become.
fn of_hound(spec: WavSpec, width: u16, samples: &[f32], integer: impl Fn(f32) -> f64) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let spec_ex = WavSpecEx { spec, bytes_per_sample: width };
    let mut writer = WavWriter::new_with_spec_ex(&mut bytes, spec_ex).unwrap();
    for &sample in samples {
        match spec.sample_format {
            SampleFormat::Float => writer.write_sample(sample).unwrap(),
            SampleFormat::Int => writer.write_sample(integer(sample) as i32).unwrap(),
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn files_are_those_that_hound_writes() {
    let mut draw = noise(4);
    let samples: Vec<f32> = (0..3001).map(|_| 1.1 * draw()).collect();
    let formats = [(Wav::Float, 32, SampleFormat::Float), (Wav::Int24, 24, SampleFormat::Int)];
    for (wav, bits_per_sample, sample_format) in formats {
        let spec = WavSpec { channels: 1, sample_rate: 44_100, bits_per_sample, sample_format };
        let nearest = |sample| (f64::from(sample) * 8_388_608.0).round().clamp(-8_388_608.0, 8_388_607.0);
        let expected = of_hound(spec, bits_per_sample / 8, &samples, nearest);
        assert_eq!(wav.write(44_100, &samples).unwrap(), expected, "{wav:?}");
    }
}

/// More samples than are read at once, in each way in which they are stored, of the middle one of three channels.
#[test]
fn samples_in_parts_are_those_one_by_one() {
    const COUNT: usize = 6000;
    let mut draw = noise(5);
    let values: Vec<f32> = (0..3 * COUNT).map(|_| draw()).collect();
    let int = SampleFormat::Int;
    let formats = [(int, 8, 1), (int, 16, 2), (int, 24, 3), (int, 24, 4), (int, 32, 4)];
    for (sample_format, bits_per_sample, width) in formats.into_iter().chain([(SampleFormat::Float, 32, 4)]) {
        let spec = WavSpec { channels: 3, sample_rate: 8000, bits_per_sample, sample_format };
        let scale = (1u64 << (bits_per_sample - 1)) as f64;
        let integer = |value: f32| (f64::from(value) * scale * 0.99).trunc();
        let bytes = of_hound(spec, width, &values, integer);
        let middle = values.chunks_exact(3).map(|moment| match sample_format {
            SampleFormat::Float => moment[1],
            SampleFormat::Int => (integer(moment[1]) / scale) as f32,
        });
        let expected: Vec<f32> = middle.collect();
        let place = format!("{bits_per_sample} bits in {width} bytes");
        let held = Recording::read("x.wav", bytes.as_slice(), Some(2)).unwrap();
        assert_eq!(held.samples, expected, "{place}");
        let (_file, stored) = track(&bytes, Some(2), 0);
        assert_eq!(*stored.read(5..COUNT).unwrap(), expected[5..], "{place}");
    }
}

#[test]
fn pairs_that_do_not_fit_are_refused_with_both_sides() {
    let pair = |x: (u32, usize), y: (u32, usize)| {
        let [input, target] = [("in.wav", x), ("out.wav", y)]
            .map(|(name, (rate, count))| recording(name, rate, vec![0.5; count]));
        Pair::new(input, target, &[]).unwrap_err().to_string()
    };
    assert_eq!(
        pair((48_000, 4800), (44_100, 4410)),
        "out.wav (44100 Hz, 4,410 samples, 0.10 s): in.wav (48000 Hz, 4,800 samples, 0.10 s) has another rate; convert one \
         of them, so that both have the same samples per second"
    );
    assert_eq!(
        pair((8000, 8000), (8000, 6000)),
        "out.wav (8000 Hz, 6,000 samples, 0.75 s): in.wav (8000 Hz, 8,000 samples, 1.00 s) is not as long; cut 2,000 samples \
         (0.25 s) from the end of in.wav, if both begin at the same moment, or export them again with the same start and end"
    );
    let silent = Pair::new(recording("in.wav", 8000, vec![0.5]), recording("out.wav", 8000, vec![0.0]), &[]);
    assert!(silent.unwrap_err().to_string().contains("nothing came out"));
}

#[test]
fn a_delay_is_found_by_comparing() {
    let mut draw = noise(7);
    // Notes that decay, with a little noise: low in frequency, as a guitar's.
    let input: Vec<f32> = (0..60_000)
        .map(|n| {
            let decay = (-((n % 6000) as f32) / 2000.0).exp();
            0.4 * decay * (0.05 * n as f32).sin() + 0.02 * draw()
        })
        .collect();
    for delay in [-40, 0, 1, 37, 2500] {
        for sign in [1.0, -1.0] {
            let target = device(&input, delay).iter().map(|y| sign * y).collect();
            let pair = Pair::new(
                recording("in.wav", 16_000, input.clone()),
                recording("out.wav", 16_000, target),
                &[],
            );
            let latency = pair.unwrap().latency().unwrap();
            assert_eq!((latency.found, latency.delay), (Some(delay), delay - 1), "{}", latency.remark);
            let moved = match delay {
                -40 => "40 samples early, by comparing it with in.wav; moved forward by 41, one more, so",
                0 => "0 samples late, by comparing it with in.wav; moved forward by 1, one more, so",
                1 => "1 sample late, by comparing it with in.wav; moved back by 0, one less, so",
                37 => "37 samples late, by comparing it with in.wav; moved back by 36, one less, so",
                _ => "2500 samples late, by comparing it with in.wav; moved back by 2499, one less, so",
            };
            assert!(latency.remark.to_string().contains(moved), "{}", latency.remark);
        }
    }
    // A pitch that rises, cut off by the device: its response swings, but not before it is asked.
    let swept: Vec<f32> = (0..96_000)
        .map(|n| {
            let t = f64::from(n) / 16_000.0;
            (0.4 * (std::f64::consts::TAU * (80.0 + 40.0 * t) * t).sin() * (0.5 + 0.5 * (3.0 * t).sin()))
                as f32
        })
        .collect();
    for gain in [1.0, 3.0] {
        let cut = swept.iter().map(|x| (gain * x).clamp(-1.0, 1.0)).collect();
        let pair =
            Pair::new(recording("in.wav", 16_000, swept.clone()), recording("out.wav", 16_000, cut), &[]);
        let pair = pair.unwrap();
        assert_eq!(pair.latency().unwrap().found, Some(0));
        let is_same = super::quality::remarks(&pair, ([0, 0], pair.input.len()), true).unwrap().iter().any(|remark| {
            *remark.to_string()
                == *"out.wav: it holds the samples of in.wav, so there is nothing to learn; name what came out of the device"
        });
        assert_eq!(is_same, gain == 1.0);
    }
    let pair = Pair::new(
        recording("in.wav", 16_000, input),
        recording("out.wav", 16_000, (0..60_000).map(|_| draw()).collect()),
        &[],
    )
    .unwrap();
    let latency = pair.latency().unwrap();
    assert_eq!((latency.found, latency.delay), (None, 0));
    assert!(latency.remark.to_string().contains("does not follow the input clearly"), "{}", latency.remark);
    assert_eq!(pair.latency_as_said(12).delay, 12);
}

/// An input with clicks at these places and music from some samples to others.
fn with_clicks(len: usize, clicks: &[usize], music: &[(usize, usize)]) -> Vec<f32> {
    let mut draw = noise(3);
    let mut input = vec![0.0; len];
    music.iter().for_each(|&(start, end)| input[start..end].iter_mut().for_each(|x| *x = 0.3 * draw()));
    clicks.iter().for_each(|&click| input[click] = 0.9);
    input
}

#[test]
fn a_delay_is_found_by_clicks_in_every_layout() {
    let (third, rest) = ([(0, 400_000), (600_000, 1_032_000)], [(100_000, 200_000)]);
    let layouts = [
        (48_000, 1_032_000, &[504_000, 552_000][..], &third[..]),
        (48_000, 200_000, &[24_000, 72_000], &rest),
        (48_000, 200_000, &[12_000, 36_000], &rest),
        (44_100, 200_000, &[22_050], &rest),
    ];
    for (rate, len, clicks, music) in layouts {
        let input = with_clicks(len, clicks, music);
        for delay in [-10, 0, 83] {
            let mut draw = noise(11);
            let target = device(&input, delay).iter().map(|y| y + 1e-4 * draw()).collect();
            let pair =
                Pair::new(recording("in.wav", rate, input.clone()), recording("out.wav", rate, target), &[]);
            let latency = pair.unwrap().latency().unwrap();
            assert_eq!((latency.found, latency.delay), (Some(delay), delay - 1), "{}", latency.remark);
        }
    }
}

#[test]
fn a_click_that_is_not_heard_is_said() {
    let input = with_clicks(200_000, &[24_000, 72_000], &[(100_000, 200_000)]);
    let target: Vec<f32> =
        input.iter().enumerate().map(|(n, x)| if n < 100_000 { 0.0 } else { *x }).collect();
    let pair =
        Pair::new(recording("in.wav", 48_000, input), recording("out.wav", 48_000, target), &[]).unwrap();
    let latency = pair.latency().unwrap();
    assert_eq!((latency.found, latency.delay), (None, 0));
    assert!(latency.remark.to_string().contains("louder than the noise"), "{}", latency.remark);
}

fn remarks_of(input: Vec<f32>, target: Vec<f32>) -> String {
    let pair =
        Pair::new(recording("in.wav", 48_000, input), recording("out.wav", 48_000, target), &[]).unwrap();
    let prepared = prepare(&[pair], &[0]).unwrap();
    prepared.table.remarks().iter().map(|remark| format!("{remark}\n")).collect()
}

#[test]
fn what_spoils_a_model_is_said() {
    let wave = |level: f32| (0..48_000).map(|n| level * (n as f32 * 0.05).sin()).collect::<Vec<f32>>();
    let quiet = remarks_of(wave(0.5), wave(0.001));
    assert!(quiet.contains("out.wav: its loudest sample is at -60 dB"), "{quiet}");
    // Training brings it to a level that suits a network.
    assert_eq!(remarks_of(wave(0.1), wave(0.15)), "out.wav: taken as 0 samples late, as latency says\n");
    let clipped = wave(2.0).iter().map(|y| y.clamp(-1.0, 1.0)).collect();
    let clipped = remarks_of(wave(0.5), clipped);
    assert!(clipped.contains("out.wav: 764 peaks cut off at full scale, the first at 0.00 s"), "{clipped}");
    let beyond = remarks_of(wave(0.5), wave(1.5));
    assert_eq!(beyond, "out.wav: taken as 0 samples late, as latency says\n");
    let loud = remarks_of(wave(0.5), wave(32_767.0));
    assert!(
        loud.contains("out.wav: its loudest sample is 32767, where full scale is 1, at which plug-ins play"),
        "{loud}"
    );
    let offset = remarks_of(wave(0.5), wave(0.5).iter().map(|y| y + 0.1).collect());
    assert!(offset.contains("out.wav: its mean is 0.100"), "{offset}");
    let offset = wave(0.5).iter().map(|y| y + 0.1).collect::<Vec<f32>>();
    let pair = Pair::new(recording("a.wav", 48_000, offset.clone()), recording("a.wav", 48_000, offset), &[]);
    let sound = Sound { sample_rate: 48_000, delay: Some(0), delays: Vec::new(), knobs: Vec::new() };
    let measured = prepare_for(&sound, &[pair.unwrap()], &[0]).unwrap().table;
    let of_mean: Vec<String> =
        measured.remarks().iter().map(ToString::to_string).filter(|text| text.contains("mean")).collect();
    assert_eq!(of_mean, ["a.wav: its mean is 0.100, not 0 (DC)"], "nothing is learned, and said once");
    let fine = remarks_of(wave(0.5), wave(0.3));
    assert_eq!(fine, "out.wav: taken as 0 samples late, as latency says\n");
}

/// A cable that came loose, a mute: one side is silent where the other plays. Pauses of both, and a tail that dies away, are none.
#[test]
fn silence_on_one_side_is_said() {
    const RATE: usize = 48_000;
    let plays = |n: usize| 0.5 * (n as f32 * 0.05).sin();
    let all: Vec<f32> = (0..4 * RATE).map(plays).collect();
    let without = |range: std::ops::Range<usize>| {
        (0..4 * RATE).map(|n| if range.contains(&n) { 0.0 } else { plays(n) }).collect::<Vec<f32>>()
    };
    let advice = "if a cable or a switch did that, cut it out of both, or record them again";
    let said = remarks_of(all.clone(), without(RATE..2 * RATE));
    let target = format!("out.wav: silent for 1.00 s from 1.00 s on, while in.wav plays; {advice}\n");
    assert!(said.starts_with(&target), "{said}");
    let said = remarks_of(without(RATE..RATE * 7 / 2), all.clone());
    let input = format!("in.wav: silent for 2.50 s from 1.00 s on, while out.wav plays; {advice}\n");
    assert!(said.starts_with(&input), "{said}");
    let short = remarks_of(all, without(RATE..RATE * 6 / 5));
    assert!(!short.contains("silent"), "{short}");
    let paused = remarks_of(without(RATE..2 * RATE), without(RATE..2 * RATE));
    assert!(!paused.contains("silent"), "{paused}");
    // 60 dB in a second and a half.
    let tail = |n: usize| if n < RATE { 1.0 } else { 10f32.powf(-2.0 * (n - RATE) as f32 / RATE as f32) };
    let reverb = (0..4 * RATE).map(|n| tail(n) * plays(n)).collect();
    let said = remarks_of(without(RATE..4 * RATE), reverb);
    assert!(!said.contains("silent"), "{said}");
}

#[test]
fn a_device_that_changed_is_found_by_the_input_that_repeats_itself() {
    let mut input = with_clicks(1_032_000, &[504_000, 552_000], &[(0, 400_000)]);
    input.copy_within(0..432_000, 600_000);
    let target = device(&input, 0);
    let same = remarks_of(input.clone(), target.clone());
    assert!(!same.contains("differently"), "{same}");
    assert!(same.contains("the first 10.00 s of NAM's input of the third version are left out"), "{same}");
    let changed = target.iter().enumerate().map(|(n, y)| if n < 500_000 { *y } else { 0.8 * y }).collect();
    // 0.2^2 of the energy.
    let changed = remarks_of(input, changed);
    assert!(changed.contains("differently (error to signal 0.0400, above 0.01)"), "{changed}");
}

#[test]
fn pairs_become_a_table_with_knobs() {
    let pair = |drive: f64, samples: [f32; 4]| {
        let target = samples.iter().map(|x| 2.0 * x).collect();
        let knobs = [("drive".to_owned(), drive)];
        Pair::new(recording("in.wav", 8000, samples.to_vec()), recording("out.wav", 8000, target), &knobs)
            .unwrap()
    };
    let pairs = [pair(0.1, [0.5, 0.25, 0.125, 0.0]), pair(0.9, [0.0, 0.5, 0.25, 0.125])];
    // One that does not move is no input, but for a model that has been trained.
    let still = [&pairs[0], &pairs[0]].map(Pair::clone);
    let Prepared { table, sound } = prepare(&still, &[1]).unwrap();
    assert_eq!((table.headers().len(), sound.knobs.len()), (3, 0));
    let said = table.remarks().last().unwrap().to_string();
    assert!(said.starts_with("the knob drive is at 0.1 in all recordings, and no input"), "{said}");
    assert_eq!(prepare_for(&sound, &still, &[]).unwrap().table.headers()[1], "drive");
    let Prepared { table, sound } = prepare(&pairs, &[1]).unwrap();
    assert_eq!(
        sound,
        Sound { sample_rate: 8000, delay: Some(1), delays: Vec::new(), knobs: vec![[0.1, 0.9]] }
    );
    assert_eq!(table.headers(), ["input", "drive", "target", "pair"]);
    let column = |name| table.column(name).unwrap().numbers().unwrap().to_vec();
    assert_eq!(column("input"), [0.5, 0.25, 0.125, 0.0, 0.5, 0.25]);
    assert_eq!(column("target"), [0.5, 0.25, 0.0, 1.0, 0.5, 0.25]);
    assert_eq!(column("drive"), [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]);
    assert_eq!(column("pair"), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    let early = Sound { sample_rate: 8000, delay: Some(-1), delays: Vec::new(), knobs: Vec::new() };
    let alone = prepare_for(&early, &pairs[..1], &[]).unwrap().table;
    assert_eq!(alone.headers(), table.headers());
    assert_eq!(alone.column("pair").unwrap().numbers().unwrap(), [1.0; 3]);
    let remark = "out.wav: taken as 1 sample early, as in training (latency overrules)";
    assert_eq!(alone.remarks().last().unwrap().to_string(), remark);
    let other = Pair { knobs: Vec::new(), ..pairs[1].clone() };
    let message = prepare(&[pairs[0].clone(), other], &[]).unwrap_err().to_string();
    assert!(
        message.starts_with("knob is given for in.wav with \"drive\", and for in.wav with no knobs"),
        "{message}"
    );
    let refusal = |latency: &[i64]| prepare(&pairs, latency).unwrap_err().to_string();
    assert!(refusal(&[4]).starts_with("latency is 4; in.wav has 4 samples"));
    let message =
        "latency is given 3 times for 2 pairs; give it once for all, or once for each pair, in their order";
    assert_eq!(refusal(&[1, 2, 3]), message);
}

/// Pairs of one device that is late by another time in each, as when they were recorded on other days: each is moved back by
/// its own, in training and wherever the model is measured.
#[test]
fn pairs_that_are_late_by_other_times_are_each_moved_back() {
    let mut draw = noise(8);
    let input: Vec<f32> = (0..60_000).map(|_| draw()).collect();
    let pair = |name: &str, delay: i64| {
        let target = recording(name, 16_000, device(&input, delay));
        Pair::new(recording("in.wav", 16_000, input.clone()), target, &[]).unwrap()
    };
    let pairs = [pair("a.wav", 10), pair("b.wav", 50), pair("c.wav", 10)];
    let Prepared { table, sound } = prepare(&pairs, &[]).unwrap();
    assert_eq!((sound.delay, sound.delays.as_slice()), (Some(9), &[9, 49][..]));
    let columns = |table: &Table| {
        [INPUT, TARGET, PAIR].map(|name| table.column(name).unwrap().numbers().unwrap().to_vec())
    };
    let again = prepare_for(&sound, &pairs, &[]).unwrap().table;
    assert_eq!(columns(&again), columns(&table));
    let said = |table: &Table| table.remarks().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for (name, late) in [("a.wav", 9), ("b.wav", 49), ("c.wav", 9)] {
        let remark = format!("{name}: taken as {late} samples late, as in training (latency overrules)");
        assert!(said(&again).contains(&remark), "{}", said(&again));
    }
    let as_said = prepare(&pairs, &[9, 49, 9]).unwrap();
    assert_eq!((columns(&as_said.table), &as_said.sound), (columns(&table), &sound));
    // One that is late by yet another time is found too.
    let other = prepare_for(&sound, &[pair("d.wav", 30)], &[]).unwrap().table;
    assert!(said(&other).contains("d.wav: 30 samples late"), "{}", said(&other));
    // Where all of training were alike, so is what follows; what speaks against it is said.
    let alike = prepare(&pairs[..1], &[]).unwrap().sound;
    assert_eq!((alike.delay, alike.delays.len()), (Some(9), 0));
    let other = prepare_for(&alike, &pairs[1..], &[]).unwrap().table;
    let remark =
        "b.wav: taken as 9 samples late, as in training (latency overrules), though it looks 50 samples late";
    assert!(said(&other).contains(remark), "{}", said(&other));
    // Nothing is known of one that another program trained.
    let imported = Sound { delay: None, ..alike };
    let other = prepare_for(&imported, &pairs[1..2], &[]).unwrap().table;
    assert!(said(&other).contains("b.wav: 50 samples late"), "{}", said(&other));
}

/// Opens the bytes of a WAV file, with up to so many samples in memory.
fn track(bytes: &[u8], channel: Option<usize>, held: usize) -> (tempfile::NamedTempFile, Track) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let track = Track::open_holding(file.path(), channel, held).unwrap();
    (file, track)
}

#[test]
fn tracks_in_their_files_are_those_in_memory() {
    let mut draw = noise(5);
    let data: Vec<u8> = (0..240_000).map(|_| (128.0 * (draw() + 1.0)) as u8).collect();
    let floats: Vec<u8> = (0..20_000).flat_map(|_| draw().to_le_bytes()).collect();
    let files = [
        (wav(1, 1, 8000, 8, &data[..30_000]), None),
        (wav(1, 2, 8000, 16, &data), Some(2)),
        (wav(1, 1, 48_000, 24, &data), None),
        (wav(1, 3, 8000, 24, &data[..239_400]), Some(1)),
        (wav(1, 2, 8000, 32, &data), Some(1)),
        (wav(3, 2, 8000, 32, &floats), Some(2)),
    ];
    for (bytes, channel) in files {
        let (_held_file, held) = track(&bytes, channel, usize::MAX);
        let (file, stored) = track(&bytes, channel, 0);
        let recording = Recording::open(file.path(), channel).unwrap();
        let is_stored = |track: &Track| format!("{track:?}").contains("StoredWave");
        assert_eq!((is_stored(&held), is_stored(&stored)), (false, true));
        assert_eq!(stored.describe(), recording.describe());
        let len = recording.samples.len();
        for range in [0..len, 1..2, 8000..8400, len - 3..len] {
            let expected = &recording.samples[range.clone()];
            assert_eq!(*held.read(range.clone()).unwrap(), *expected);
            assert_eq!(*stored.read(range).unwrap(), *expected);
        }
        assert_eq!(held.facts.checksum, stored.facts.checksum);
        assert_eq!((held.facts.mean, held.facts.loudest), (stored.facts.mean, stored.facts.loudest));
    }
}

#[test]
fn tracks_that_cannot_be_read_are_refused() {
    let bytes = wav(1, 1, 8000, 16, &[0; 40]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let refusal = |bytes: &[u8], channel| {
        std::fs::write(file.path(), bytes).unwrap();
        let error = Track::open_holding(file.path(), channel, 0).unwrap_err().to_string();
        error.replace(&file.path().display().to_string(), "x.wav")
    };
    let floats = [0.5, f32::NAN].map(f32::to_le_bytes).concat();
    let message = "x.wav: its sample 2 (at 0.00 s) is NaN; samples are finite numbers";
    assert_eq!(refusal(&wav(3, 1, 8000, 32, &floats), None), message);
    assert!(refusal(&bytes, Some(2)).starts_with("x.wav: has 1 channel, and no channel 2"));
    assert_eq!(
        refusal(&bytes[..60], None),
        "x.wav: is cut short: its head speaks of more samples than there are; record or copy it again"
    );
    // What changes later is no longer what was opened: of more blocks than are kept the first ones are read again.
    let (file, stored) = track(&wav(1, 1, 8000, 16, &[1; 2_400_000]), None, 0);
    assert!(stored.read(0..10).is_ok());
    std::fs::write(file.path(), wav(1, 1, 8000, 16, &[1; 20_000])).unwrap();
    assert!(stored.read(0..10).is_ok(), "what is in memory is as it was");
    let error = stored.read(9000..9010).unwrap_err().to_string();
    assert!(error.contains("has changed while it was read"), "{error}");
}

#[test]
fn a_file_in_parts_is_the_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let mut draw = noise(9);
    let samples: Vec<f32> = (0..10_000).map(|_| 1.1 * draw()).collect();
    for wav in [Wav::Float, Wav::Int24] {
        wav.save(&path, 44_100, samples.len(), samples.chunks(999).map(Ok)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), wav.write(44_100, &samples).unwrap());
        let before = std::fs::read(&path).unwrap();
        let lost = || Err(ConfigError::new("audio", "is lost").into());
        let parts = [Ok(&samples[..9]), lost()].into_iter();
        assert_eq!(wav.save(&path, 44_100, samples.len(), parts).unwrap_err().to_string(), "audio is lost");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    let many = Wav::Float.save(&path, 44_100, 1 << 30, std::iter::empty::<Result<Vec<f32>, _>>());
    let message = "the WAV file: cannot be written: 1,073,741,824 samples are more than it holds; write it in shorter parts";
    assert_eq!(many.unwrap_err().to_string(), message);
}
