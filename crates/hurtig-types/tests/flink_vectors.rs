//! Keys, key groups, subtasks and operators as Flink 2.3.0 itself has them: `data/README.md` tells how they were recorded.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::str::FromStr;

use hurtig_types::{KeyGroup, KeyHash, KeyHasher, MaxParallelism, OperatorId};

const MAX_PARALLELISMS: [u32; 3] = [100, 128, 32_768];
const PARALLELISMS: [u32; 7] = [1, 2, 3, 4, 7, 100, 128];

/// The types whose keys fall into other groups than in Flink; COMPATIBILITY.md tells why.
const DIFFERENT: [&str; 2] = ["Boolean", "Tuple2<Integer,Tuple2<Integer,Long>>"];

#[test]
fn keys_have_the_hash_codes_of_java() {
    for key in alike() {
        assert_eq!(key.ours.code, key.code, "{}", key.row);
    }
}

#[test]
fn keys_fall_into_the_key_groups_of_flink() {
    for key in alike() {
        assert_eq!(key.ours.groups, key.groups, "{}", key.row);
    }
}

#[test]
fn keys_go_to_the_subtasks_of_flink() {
    for key in alike() {
        for (place, &groups) in MAX_PARALLELISMS.iter().enumerate() {
            let max_parallelism = MaxParallelism::new(groups).unwrap();
            let group = KeyGroup::new(key.ours.groups[place] as u16);
            let ours: Vec<u32> = PARALLELISMS
                .iter()
                .filter(|&&parallelism| parallelism <= groups)
                .map(|&parallelism| max_parallelism.subtask_of(group, parallelism))
                .collect();
            assert_eq!(
                ours, key.subtasks[place],
                "of {groups} key groups: {}",
                key.row
            );
        }
    }
}

#[test]
fn no_types_of_keys_differ_from_flink_but_those_in_the_ledger() {
    let differ = keys()
        .filter(|key| key.ours.groups != key.groups)
        .map(|key| key.kind);
    assert_eq!(differ.collect::<BTreeSet<_>>(), BTreeSet::from(DIFFERENT));
}

#[test]
fn hash_codes_fall_into_the_key_groups_of_flink_one_by_one_and_many_at_a_time() {
    let rows = table(include_str!("data/key_hashes.tsv"));
    let codes: Vec<i32> = rows.iter().map(|row| parse(row[0])).collect();
    for (column, groups) in (2..).zip(MAX_PARALLELISMS) {
        let max_parallelism = MaxParallelism::new(groups).unwrap();
        let flink: Vec<u32> = rows.iter().map(|row| parse(row[column])).collect();
        let one_by_one = codes
            .iter()
            .map(|&code| max_parallelism.key_group_of_code(code));
        assert_eq!(
            one_by_one
                .map(|group| group.index() as u32)
                .collect::<Vec<_>>(),
            flink
        );
        let mut hashes = vec![KeyHash::default(); codes.len()];
        max_parallelism.route(&codes, 1, &mut hashes, &mut Vec::new());
        let at_a_time = hashes.iter().map(|hash| hash.key_group().index() as u32);
        assert_eq!(at_a_time.collect::<Vec<_>>(), flink);
    }
}

#[test]
fn subtasks_own_the_key_groups_of_flink() {
    for row in table(include_str!("data/key_group_ranges.tsv")) {
        let numbers: Vec<u32> = row.iter().map(|field| parse(field)).collect();
        let &[groups, parallelism, subtask, first, last] = numbers.as_slice() else {
            panic!("{row:?} has other columns");
        };
        let range = MaxParallelism::new(groups)
            .unwrap()
            .range_of(subtask, parallelism);
        let ours = (
            range.start() as u32,
            (range.start() + range.len() - 1) as u32,
        );
        assert_eq!(
            ours,
            (first, last),
            "subtask {subtask} of {parallelism}, {groups} key groups"
        );
    }
}

#[test]
fn the_default_max_parallelism_is_that_of_flink() {
    for row in table(include_str!("data/default_max_parallelism.tsv")) {
        let parallelism: NonZeroU32 = parse(row[0]);
        let ours = MaxParallelism::default_for(parallelism).get();
        match row[1] {
            // Here the plan is refused: an operator's parallelism is above its key groups.
            "refused" => assert!(parallelism.get() > ours, "parallelism {parallelism}"),
            flink => assert_eq!(ours, parse(flink), "parallelism {parallelism}"),
        }
    }
}

#[test]
fn an_operator_with_a_uid_has_the_id_that_flink_gives_it() {
    for row in table(include_str!("data/operator_ids.tsv")) {
        let uid = unescape(row[0]);
        assert_eq!(
            OperatorId::from_uid(&uid).to_string(),
            row[1],
            "uid `{uid}`"
        );
    }
}

struct Key {
    row: &'static str,
    kind: &'static str,
    code: i32,
    groups: [u32; 3],
    subtasks: [Vec<u32>; 3],
    ours: Answer,
}

/// What we make of a key.
struct Answer {
    code: i32,
    groups: [u32; 3],
}

impl Answer {
    fn to(key: impl Hash) -> Self {
        let mut hasher = KeyHasher::default();
        key.hash(&mut hasher);
        let group = |groups| {
            let hash = KeyHash::of(&key, MaxParallelism::new(groups).unwrap());
            hash.key_group().index() as u32
        };
        Self {
            code: hasher.code(),
            groups: MAX_PARALLELISMS.map(group),
        }
    }
}

/// The recorded keys whose types are to be as in Flink.
fn alike() -> impl Iterator<Item = Key> {
    keys().filter(|key| !DIFFERENT.contains(&key.kind))
}

fn keys() -> impl Iterator<Item = Key> {
    let rows = include_str!("data/keys.tsv").lines().skip(1);
    rows.map(|row| {
        let fields: Vec<&str> = row.split('\t').collect();
        let &[
            kind,
            key,
            second,
            code,
            g100,
            g128,
            g32768,
            s100,
            s128,
            s32768,
        ] = fields.as_slice()
        else {
            panic!("{row} has other columns");
        };
        let numbers = |list: &str| list.split(',').map(parse).collect();
        Key {
            row,
            kind,
            code: parse(code),
            groups: [g100, g128, g32768].map(parse),
            subtasks: [s100, s128, s32768].map(numbers),
            ours: answer(kind, key, second),
        }
    })
}

fn answer(kind: &str, key: &str, second: &str) -> Answer {
    let int = || parse::<i32>(key);
    let long = || parse::<i64>(second);
    match kind {
        "Boolean" => Answer::to(parse::<bool>(key)),
        "Byte" => Answer::to(parse::<i8>(key)),
        "Short" => Answer::to(parse::<i16>(key)),
        "Integer" => Answer::to(int()),
        "Long" => Answer::to(parse::<i64>(key)),
        "Character" => Answer::to(char::from_u32(parse(key)).unwrap()),
        "String" => Answer::to(unescape(key)),
        "Tuple2<Integer,String>" => Answer::to((int(), unescape(second))),
        "Tuple2<String,Long>" => Answer::to((unescape(key), long())),
        "Tuple2<Tuple2<Integer,Integer>,Long>" => Answer::to(((int(), int()), long())),
        "Tuple2<Integer,Tuple2<Integer,Long>>" => Answer::to((int(), (int(), long()))),
        "Tuple3<Integer,Long,Integer>" => Answer::to((int(), long(), int())),
        _ => panic!("a key of an unknown type: {kind}"),
    }
}

/// The rows below the first, field by field.
fn table(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines()
        .skip(1)
        .map(|row| row.split('\t').collect())
        .collect()
}

fn parse<T: FromStr>(field: &str) -> T {
    field
        .parse()
        .unwrap_or_else(|_| panic!("`{field}` is no {}", std::any::type_name::<T>()))
}

fn unescape(field: &str) -> String {
    let mut parts = field.split("\\u{");
    let mut text = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        text.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}
