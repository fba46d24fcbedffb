//! Rows come back as they were, and damaged bytes are errors.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringViewBuilder};
use arrow_array::*;
use proptest::prelude::*;

use super::*;

fn codec_of(columns: &[ArrayRef]) -> RowCodec {
    let fields = columns.iter().enumerate();
    let fields: Vec<Field> = fields
        .map(|(i, column)| Field::new(format!("c{i}"), column.data_type().clone(), true))
        .collect();
    RowCodec::new(fields.into()).unwrap()
}

fn there_and_back(columns: &[ArrayRef]) {
    let codec = codec_of(columns);
    let rows = codec.encode(columns).unwrap();
    let back = codec.decode(rows.iter().map(RowBytes::as_slice)).unwrap();
    assert_eq!(back, columns);
}

#[test]
fn every_type_comes_back() {
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append_value([Some(1), None, Some(3)]);
    list.append_null();
    list.append_value([]);
    let mut map = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
    for key in ["a", "longer than twelve bytes"] {
        map.keys().append_value(key);
        map.values().append_value(1);
    }
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(i64::MIN)]));
    let inner = Field::new("n", DataType::Int64, true);
    there_and_back(&[
        numbers.clone(),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(Int8Array::from(vec![1, -1, 0])),
        Arc::new(Int16Array::from(vec![1, -1, 0])),
        Arc::new(Int32Array::from(vec![1, -1, 0])),
        Arc::new(Float32Array::from(vec![1.5, -1.0, 0.0])),
        Arc::new(Float64Array::from(vec![Some(1.5), None, Some(0.0)])),
        Arc::new(Date32Array::from(vec![1, 2, 3])),
        Arc::new(Time32MillisecondArray::from(vec![1, 2, 3])),
        Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3])),
        Arc::new(TimestampMicrosecondArray::from(vec![1, 2, 3]).with_timezone("UTC")),
        Arc::new(
            Decimal128Array::from(vec![Some(1), None, Some(-7)])
                .with_precision_and_scale(10, 2)
                .unwrap(),
        ),
        Arc::new(StringViewArray::from(vec![Some("plum"), None, Some("")])),
        Arc::new(StringArray::from(vec![Some("plum"), None, Some("")])),
        Arc::new(BinaryArray::from(vec![Some(&b"x"[..]), None, Some(b"")])),
        Arc::new(list.finish()),
        Arc::new(map.finish()),
        Arc::new(StructArray::new(vec![inner].into(), vec![numbers], None)),
    ]);
}

#[test]
fn zeros_are_equal_and_so_is_what_is_no_number() {
    let columns: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]));
    let rows = codec_of(std::slice::from_ref(&columns))
        .encode(std::slice::from_ref(&columns))
        .unwrap();
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[2], rows[3]);
}

proptest! {
    #[test]
    fn rows_are_equal_when_their_bytes_are(
        rows in prop::collection::vec((any::<Option<i32>>(), "[a-z]{0,20}|☃", any::<Option<bool>>()), 0..50),
    ) {
        let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>());
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| &row.1)));
        let flags: ArrayRef = Arc::new(rows.iter().map(|row| row.2).collect::<BooleanArray>());
        let columns = [numbers, texts, flags];
        there_and_back(&columns);
        let bytes = codec_of(&columns).encode(&columns).unwrap();
        for (a, row_a) in bytes.iter().zip(&rows) {
            for (b, row_b) in bytes.iter().zip(&rows) {
                prop_assert_eq!(a == b, row_a == row_b);
            }
        }
    }

    #[test]
    fn garbage_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let columns: [ArrayRef; 2] = [
            Arc::new(StringViewArray::from(vec!["a"])),
            Arc::new(ListArray::from_iter_primitive::<types::Int32Type, _, _>([Some([Some(1)])])),
        ];
        drop(codec_of(&columns).decode([bytes.as_slice()]));
    }
}
