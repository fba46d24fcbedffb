//! Random numbers and UUIDs.
//!
//! Their randomness is the world's: in a simulation a seed replays it. A number that is a call's own seed begins Java's sequence, as Flink
//! does; all calls with this seed share it.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, StringViewArray};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::{Result, exec_err, not_impl_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};
use hurtig_env::{Rng, World};
use parking_lot::Mutex;

use super::arguments::Arguments;
use super::time::Zone;

/// All of them, with the randomness of a world.
pub(super) fn functions(world: &World) -> impl Iterator<Item = Arc<ScalarUDF>> {
    let source = Arc::new(Mutex::new(Source {
        rng: world.rng("sql functions"),
        seeded: BTreeMap::new(),
    }));
    let any = |count| TypeSignature::Uniform(count, vec![DataType::Int64]);
    let all = [
        ("rand", Draw::Real, vec![TypeSignature::Nullary, any(1)]),
        ("rand_integer", Draw::Whole, vec![any(1), any(2)]),
        ("uuid", Draw::Uuid, vec![TypeSignature::Nullary]),
    ];
    all.into_iter().map(move |(name, draw, signatures)| {
        Arc::new(ScalarUDF::from(Random {
            name,
            draw,
            source: Arc::clone(&source),
            signature: Signature::one_of(signatures, Volatility::Volatile),
        }))
    })
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Draw {
    /// A DOUBLE from 0 to before 1: `RAND([seed])`.
    Real,
    /// An INT from 0 to before a bound: `RAND_INTEGER([seed,] bound)`.
    Whole,
    Uuid,
}

struct Source {
    rng: Rng,
    seeded: BTreeMap<i64, JavaRandom>,
}

/// The sequence that the documentation of `java.util.Random` states.
#[derive(Clone, Copy, Debug)]
struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    const fn new(seed: i64) -> Self {
        Self((seed as u64 ^ Self::MULTIPLIER) & Self::MASK)
    }

    const fn next(&mut self, bits: u32) -> u32 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        (self.0 >> (48 - bits)) as u32
    }

    fn real(&mut self) -> f64 {
        let high = u64::from(self.next(26)) << 27;
        (high + u64::from(self.next(27))) as f64 / (1u64 << 53) as f64
    }

    /// Draws again where the last values would come more often than others.
    const fn whole(&mut self, bound: i32) -> i32 {
        loop {
            let bits = self.next(31) as i32;
            if bound & (bound - 1) == 0 {
                return ((bound as i64 * bits as i64) >> 31) as i32;
            }
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }
}

struct Random {
    name: &'static str,
    draw: Draw,
    source: Arc<Mutex<Source>>,
    signature: Signature,
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Random {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Random {}

impl Hash for Random {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Random {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        not_impl_err!("the type of {} is a field's", self.name)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match self.draw {
            Draw::Real => DataType::Float64,
            Draw::Whole => DataType::Int32,
            Draw::Uuid => DataType::Utf8View,
        };
        let is_nullable = arguments.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name, data_type, is_nullable)))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = Arguments {
            values: &call.args,
            fields: &call.arg_fields,
            rows: call.number_rows,
            returns: &call.return_field,
            zone: Zone::UTC,
        };
        let mut source = self.source.lock();
        let array: ArrayRef = match self.draw {
            Draw::Real => Arc::new(source.reals(&arguments)?),
            Draw::Whole => Arc::new(source.wholes(&arguments)?),
            Draw::Uuid => {
                let uuids = (0..arguments.rows).map(|_| Some(source.uuid()));
                Arc::new(uuids.collect::<StringViewArray>())
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

impl Source {
    fn of_seed(&mut self, seed: i64) -> &mut JavaRandom {
        self.seeded
            .entry(seed)
            .or_insert_with(|| JavaRandom::new(seed))
    }

    fn reals(&mut self, arguments: &Arguments<'_>) -> Result<Float64Array> {
        if !arguments.has(0) {
            return Ok((0..arguments.rows).map(|_| Some(self.rng.f64())).collect());
        }
        let seeds = arguments.longs(0)?;
        Ok((0..arguments.rows)
            .map(|row| Some(self.of_seed(seeds.at(row)?).real()))
            .collect())
    }

    fn wholes(&mut self, arguments: &Arguments<'_>) -> Result<Int32Array> {
        let bounds = arguments.longs(arguments.count().saturating_sub(1))?;
        let seeds = if arguments.count() > 1 {
            Some(arguments.longs(0)?)
        } else {
            None
        };
        let mut numbers = Vec::with_capacity(arguments.rows);
        for row in 0..arguments.rows {
            let seed = seeds.as_ref().map(|seeds| seeds.at(row));
            let (Some(bound), false) = (bounds.at(row), seed == Some(None)) else {
                numbers.push(None);
                continue;
            };
            let Some(bound) = i32::try_from(bound).ok().filter(|bound| *bound > 0) else {
                return exec_err!("RAND_INTEGER's bound is {bound}: it should be an INT above 0");
            };
            numbers.push(Some(match seed.flatten() {
                Some(seed) => self.of_seed(seed).whole(bound),
                None => self.rng.below(bound as u64) as i32,
            }));
        }
        Ok(Int32Array::from(numbers))
    }

    /// Of version 4: all random, but for the version itself.
    fn uuid(&mut self) -> String {
        let high = self.rng.next_u64() & !0xf000 | 0x4000;
        let low = self.rng.next_u64() & !(0b11 << 62) | 0b10 << 62;
        let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        let (fourth, fifth) = (low >> 48, low & 0xffff_ffff_ffff);
        format!("{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{fifth:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of `new Random(42)`, which Java promises for ever.
    #[test]
    fn seeds_begin_the_sequence_of_java() {
        assert_eq!(JavaRandom::new(42).real(), 0.727_563_680_032_868_1);
        let mut random = JavaRandom::new(42);
        assert_eq!(
            [random.whole(10), random.whole(10), random.whole(10)],
            [0, 3, 8]
        );
    }
}
