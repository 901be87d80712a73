//! Series of one table that are open at times of their own.

use std::ops::Range;

use crate::common::Place;

const QUICK: &str = "--epochs 1 --hidden-size 3 --transform difference -o m.elman";

/// A row for each of these hours of 1 January 2024, a Monday, and the days after it that are not closed.
fn shop(name: &str, days: Range<i32>, hours: Range<i32>, closed: &[i32]) -> Vec<String> {
    let open = days.filter(|day| !closed.contains(&(day % 7)));
    let date = |day: i32| format!("2024-{:02}-{:02}", 1 + day / 31, 1 + day % 31);
    let value = |day: i32, hour: i32| 90 + 7 * hour + day * 13 % 11;
    let rows = open.flat_map(|day| hours.clone().map(move |hour| (day, hour)));
    rows.map(|(day, hour)| format!("{name},{} {hour:02}:00,{}", date(day), value(day, hour))).collect()
}

fn table(rows: impl IntoIterator<Item = String>) -> String {
    format!("shop,when,y\n{}\n", rows.into_iter().collect::<Vec<_>>().join("\n"))
}

/// The shop and the time of each row of predictions.
fn times(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|line| line.rsplit_once(',').map_or("", |(row, _)| row).to_owned()).collect()
}

#[test]
fn each_shop_goes_on_at_its_own_hours() {
    let place = Place::new();
    let shops = |days: Range<i32>| {
        let (early, late) = (shop("a", days.clone(), 9..18, &[]), shop("b", days.clone(), 10..19, &[]));
        [early, late, shop("c", days, 9..18, &[0])]
    };
    let ahead = shops(40..60).map(|rows| rows.into_iter().take(30).map(|row| row[..18].to_owned()));
    let ahead = ahead.into_iter().flatten().collect::<Vec<String>>();
    let rows = shops(0..40).concat();
    let backwards = rows.iter().rev().cloned().collect::<Vec<String>>();
    for rows in [rows, backwards] {
        place.write("s.csv", table(rows));
        let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
        assert!(said.contains("one open hour (from 10:00 to 18:00)"), "{said}");
        assert!(said.contains("and 1 more series other times as well: each goes on at its own"), "{said}");
        let mut predicted = times(&place.ok("predict m.elman s.csv --horizon 30").stdout);
        predicted.sort();
        let mut wanted = ahead.clone();
        wanted.sort();
        assert_eq!(predicted, wanted);
        let tested = place.ok("backtest m.elman s.csv").stdout;
        assert!(tested.contains("270 forecasts of 3 series"), "{tested}");
    }
    // A few days are read by the hours that the model knows; shops that it does not know by their own.
    let few = [shop("c", 33..38, 9..18, &[0]), shop("d", 0..30, 7..16, &[6]), shop("e", 0..9, 10..19, &[])];
    place.write("f.csv", table(few.concat()));
    assert_eq!(
        times(&place.ok("predict m.elman f.csv --horizon 1").stdout),
        ["c,2024-02-08 09:00", "d,2024-01-31 07:00", "e,2024-01-10 10:00"]
    );
    // Four days of a new one are of a week that the model knows, and what it lacks is said of its own hours.
    place.write("f.csv", table(shop("d", 49..53, 9..18, &[])));
    let predicted = times(&place.ok("predict m.elman f.csv --horizon 27").stdout);
    assert!(predicted.contains(&"d,2024-02-23 09:00".to_owned()), "{predicted:?}");
    let lost = shop("d", 0..30, 7..16, &[6]).into_iter().filter(|row| !row.starts_with("d,2024-01-09 11:00"));
    place.write("f.csv", table(lost));
    let refused = place.refused(1, "predict m.elman f.csv");
    assert!(
        refused.contains("(from 07:00 to 15:00, from Monday to Saturday) apart: 1 row is missing"),
        "{refused}"
    );
    place.write("f.csv", table(shop("d", 0..30, 7..19, &[])));
    let refused = place.refused(1, "predict m.elman f.csv");
    assert!(refused.contains("(from 07:00 to 18:00) apart, but the model learned from"), "{refused}");
}

#[test]
fn shops_closed_on_different_days_are_one_table() {
    let place = Place::new();
    let shops = [shop("a", 0..56, 0..1, &[6]), shop("b", 0..56, 0..1, &[0]), shop("c", 0..56, 0..1, &[2])];
    place.write("s.csv", table(shops.concat().into_iter().map(|row| row.replace(" 00:00", ""))));
    let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
    assert!(said.contains("of 3 series by \"shop\"") && said.contains("6 open days ahead"), "{said}");
    let predicted = times(&place.ok("predict m.elman s.csv --horizon 3").stdout);
    let of = |shop: &str| predicted.iter().filter_map(|row| row.strip_prefix(shop)).collect::<Vec<_>>();
    assert_eq!(of("a,"), ["2024-02-26", "2024-02-27", "2024-02-28"]);
    assert_eq!(of("b,"), ["2024-02-27", "2024-02-28", "2024-02-29"]);
    assert_eq!(of("c,"), ["2024-02-26", "2024-02-27", "2024-02-29"]);
}

#[test]
fn hours_that_make_other_days_are_refused_with_the_way_out() {
    let place = Place::new();
    let of_nine = shop("a", 0..40, 9..18, &[]);
    for (other, missing) in [(9..19, 39), (10..20, 117)] {
        place.write("s.csv", table([of_nine.clone(), shop("b", 0..40, other, &[])].concat()));
        let refused = place.refused(1, &format!("train s.csv {QUICK}"));
        assert!(
            refused.contains("the rows of series \"a\" are one open hour (from 09:00 to 17:00) apart"),
            "{refused}"
        );
        assert!(refused.contains("but those of series \"b\" one"), "{refused}");
        assert!(refused.contains("forecast them apart, or choose in training with --missing"), "{refused}");
        let said = place.ok(&format!("train s.csv --missing zero {QUICK}")).stderr;
        assert!(said.contains(&format!("{missing} rows are missing and taken as 0")), "{said}");
    }
    // One hour that is missing is no closed one.
    let rows = [of_nine.clone(), shop("b", 0..40, 9..18, &[])].concat();
    place.write("s.csv", table(rows.into_iter().enumerate().filter(|(n, _)| *n != 500).map(|(_, row)| row)));
    let refused = place.refused(1, &format!("train s.csv {QUICK}"));
    assert!(refused.contains("1 row is missing"), "{refused}");
}

#[test]
fn a_few_days_of_a_shop_follow_the_week_of_another() {
    let place = Place::new();
    let long = shop("a", 0..56, 9..18, &[5, 6]);
    // From Monday to Thursday alone, they would go on into the weekend.
    let few = shop("b", 49..53, 9..18, &[5, 6]);
    for rows in [[long.clone(), few.clone()].concat(), [few, long].concat()] {
        place.write("s.csv", table(rows));
        let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
        assert!(!said.contains("at its own times"), "{said}");
        let predicted = times(&place.ok("predict m.elman s.csv --horizon 10").stdout);
        let of_few = predicted.iter().filter_map(|row| row.strip_prefix("b,")).collect::<Vec<_>>();
        assert_eq!(
            (of_few[0], of_few[8], of_few[9]),
            ("2024-02-23 09:00", "2024-02-23 17:00", "2024-02-26 09:00")
        );
    }
}

#[test]
fn a_lost_row_or_a_holiday_leaves_each_shop_its_own_hours() {
    let place = Place::new();
    let shops =
        [shop("a", 0..56, 9..18, &[5, 6]), shop("b", 0..56, 11..20, &[5, 6]), shop("c", 0..56, 8..17, &[6])];
    let rows = shops.concat();
    // A row of one is lost; Thursday 8 February is a holiday of all.
    let lost = rows.iter().filter(|row| !row.starts_with("b,2024-01-16 12:00")).cloned().collect::<Vec<_>>();
    let holiday = rows.iter().filter(|row| !row.contains(",2024-02-08")).cloned().collect::<Vec<_>>();
    let of_lost = "series \"b\", line 462, column \"when\": 2024-01-16 13:00 follows 2024-01-16 11:00, but the rows are one open \
                   hour (from 11:00 to 19:00, from Monday to Friday) apart: 1 row is missing; add";
    let of_holiday = "2024-02-09 09:00 follows 2024-02-07 17:00, but the rows are one open hour (from 09:00 to 17:00, from \
                      Monday to Friday) apart: 9 rows are missing; add";
    for (rows, error, missing) in [(lost, of_lost, "1 row is"), (holiday, of_holiday, "27 rows are")] {
        place.write("s.csv", table(rows));
        let refused = place.refused(1, &format!("train s.csv {QUICK}"));
        assert!(refused.contains(error), "{refused}");
        let said = place.ok(&format!("train s.csv --missing previous {QUICK}")).stderr;
        assert!(said.contains(&format!("{missing} missing and filled with the value before")), "{said}");
        assert_eq!(
            times(&place.ok("predict m.elman s.csv --horizon 1").stdout),
            ["a,2024-02-26 09:00", "b,2024-02-26 11:00", "c,2024-02-26 08:00"]
        );
    }
}

#[test]
fn a_holiday_of_a_shop_that_is_open_on_other_days_is_one_row() {
    let place = Place::new();
    let shops = [shop("a", 0..59, 0..1, &[6]), shop("b", 0..59, 0..1, &[5]), shop("c", 0..59, 0..1, &[0])];
    let rows = shops.concat().into_iter().map(|row| row.replace(" 00:00", ""));
    place.write("s.csv", table(rows.filter(|row| !row.starts_with("a,2024-02-14"))));
    let refused = place.refused(1, &format!("train s.csv {QUICK}"));
    let error = "2024-02-15 follows 2024-02-13, but the rows are one open day (from Monday to Saturday) apart: 1 row is missing; \
                 add";
    assert!(refused.contains(error), "{refused}");
}

#[test]
fn hours_that_differ_by_day_are_told_apart_in_full() {
    let place = Place::new();
    let of = |name: &str, later: i32| {
        let week = shop(name, 0..56, 9 + later..18 + later, &[5, 6]);
        [week, shop(name, 0..56, 9 + later..13 + later, &[0, 1, 2, 3, 4, 6])].concat()
    };
    place.write("s.csv", table([of("a", 0), of("b", 1)].concat()));
    let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
    let names = "the rows of series \"a\" are one open hour (from 09:00 to 17:00, from Monday to Friday; from 09:00 to 12:00, on \
                 Saturday) apart, those of series \"b\" one open hour (from 10:00 to 18:00, from Monday to Friday; from 10:00 to \
                 13:00, on Saturday): each";
    assert!(said.contains(names), "{said}");
}

#[test]
fn closed_days_and_hours_are_filled_where_that_was_chosen() {
    let place = Place::new();
    let days = |name: &str, closed: &[i32]| {
        let rows = shop(name, 0..56, 0..1, closed).into_iter();
        rows.map(|row| row.replace(" 00:00", "")).collect::<Vec<_>>()
    };
    let half = |name: &str| {
        let rows = shop(name, 0..56, 9..17, &[5, 6]).into_iter();
        rows.map(|row| row.replace(":00", ":30")).collect::<Vec<_>>()
    };
    let business = days("a", &[5, 6]);
    let cases = [
        ([business.clone(), days("b", &[6])], "7 rows are", "a,2024-02-24"),
        ([business, days("b", &[])], "14 rows are", "a,2024-02-24"),
        ([shop("a", 0..56, 9..18, &[5, 6]), half("b")], "678 rows are", "b,2024-02-23 17:00"),
    ];
    for (shops, missing, filled) in cases {
        place.write("s.csv", table(shops.concat()));
        let refused = place.refused(1, &format!("train s.csv {QUICK}"));
        assert!(refused.contains("forecast them apart, or choose in training with --missing"), "{refused}");
        let said = place.ok(&format!("train s.csv --missing zero {QUICK}")).stderr;
        assert!(said.contains(missing), "{said}");
        let predicted = times(&place.ok("predict m.elman s.csv --horizon 1").stdout);
        assert!(predicted.contains(&filled.to_owned()), "{predicted:?}");
    }
    // What is filled for hours would be no days.
    place.write("s.csv", table([shop("a", 0..56, 9..18, &[5, 6]), shop("b", 0..56, 0..1, &[])].concat()));
    for missing in ["", "--missing zero"] {
        let refused = place.refused(1, &format!("train s.csv {missing} {QUICK}"));
        let error = "the rows of series \"a\" are one open hour (from 09:00 to 17:00, from Monday to Friday) apart, but those of \
                     series \"b\" one day; forecast them apart";
        assert!(refused.trim_end().ends_with(error), "{refused}");
    }
}
