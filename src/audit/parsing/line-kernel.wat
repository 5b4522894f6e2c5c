;; Compares a line with the last one of its form, sixteen bytes at once. `line-kernel.ts` says where everything is; a line is
;; taken for one of the form only if `line-template.ts` takes it, too, and leaves the same in the tables.
;; Positions are counted from the start of the text, addresses from the start of the memory.
(module
  (import "host" "memory" (memory 1))

  ;; Whether `length` bytes of the text from `at` on are those at `address`. Both may be read fifteen bytes further.
  (func $is_at (param $at i32) (param $address i32) (param $length i32) (result i32)
    (local $end i32)
    (local $rest i32)
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -16))))
    (block $compared
      (loop $next
        (br_if $compared (i32.eq (local.get $at) (local.get $end)))
        (if (v128.any_true
              (v128.xor (v128.load offset=0x200000 (local.get $at)) (v128.load (local.get $address))))
          (then (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $address (i32.add (local.get $address) (i32.const 16)))
        (br $next)))
    (local.set $rest (i32.and (local.get $length) (i32.const 15)))
    (if (i32.eqz (local.get $rest)) (then (return (i32.const 1))))
    ;; The lowest bits are of the first bytes.
    (i32.eqz
      (i32.and
        (i32.sub (i32.shl (i32.const 1) (local.get $rest)) (i32.const 1))
        (i32.xor
          (i32.const 0xffff)
          (i8x16.bitmask
            (i8x16.eq (v128.load offset=0x200000 (local.get $at)) (v128.load (local.get $address))))))))

  ;; The end of a text that begins at `at`; -1 if it has a backslash or anything but printable ASCII, or goes beyond `to`.
  (func $end_of_text (param $at i32) (param $to i32) (result i32)
    (local $signs v128)
    (local $stops i32)
    (loop $next
      (if (i32.ge_s (local.get $at) (local.get $to)) (then (return (i32.const -1))))
      (local.set $signs (v128.load offset=0x200000 (local.get $at)))
      (local.set $stops
        (i8x16.bitmask
          (v128.or
            (v128.or
              (i8x16.eq (local.get $signs) (v128.const i8x16 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22 0x22))
              (i8x16.eq (local.get $signs) (v128.const i8x16 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c 0x5c)))
            (v128.or
              (i8x16.eq (local.get $signs) (v128.const i8x16 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f 0x7f))
              ;; Bytes from 0x80 on are below zero.
              (i8x16.lt_s (local.get $signs) (v128.const i8x16 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20 0x20))))))
      (if (i32.eqz (local.get $stops))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next))))
    (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $stops))))
    (select (local.get $at) (i32.const -1)
      (i32.and
        (i32.lt_s (local.get $at) (local.get $to))
        (i32.eq (i32.load8_u offset=0x200000 (local.get $at)) (i32.const 0x22)))))

  (func $end_of_digits (param $at i32) (result i32)
    (loop $next
      (if (i32.lt_u (i32.sub (i32.load8_u offset=0x200000 (local.get $at)) (i32.const 0x30)) (i32.const 10))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (local.get $at))

  ;; The end of a number that begins at `start`; -1 if it is none, or one that `endOfNumber` of form-matcher.ts refuses.
  (func $end_of_number (param $start i32) (result i32)
    (local $at i32)
    (local $whole i32)
    (local $end i32)
    (local.set $at
      (i32.add (local.get $start) (i32.eq (i32.load8_u offset=0x200000 (local.get $start)) (i32.const 0x2d))))
    (local.set $whole (call $end_of_digits (local.get $at)))
    (if (i32.gt_u (i32.sub (i32.sub (local.get $whole) (local.get $at)) (i32.const 1)) (i32.const 14))
      (then (return (i32.const -1))))
    (if (i32.and
          (i32.gt_u (i32.sub (local.get $whole) (local.get $at)) (i32.const 1))
          (i32.eq (i32.load8_u offset=0x200000 (local.get $at)) (i32.const 0x30)))
      (then (return (i32.const -1))))
    (if (i32.ne (i32.load8_u offset=0x200000 (local.get $whole)) (i32.const 0x2e))
      (then (return (local.get $whole))))
    (local.set $end (call $end_of_digits (i32.add (local.get $whole) (i32.const 1))))
    (select (i32.const -1) (local.get $end)
      (i32.eq (local.get $end) (i32.add (local.get $whole) (i32.const 1)))))

  ;; Keeps a content if it is another than the last one, and notes that.
  (func $keep (param $tables i32) (param $index i32) (param $at i32) (param $end i32)
    (local $length i32)
    (local $kept i32)
    (local $lengths i32)
    (local.set $length (i32.sub (local.get $end) (local.get $at)))
    (local.set $kept
      (i32.add (i32.load offset=56 (local.get $tables)) (i32.shl (local.get $index) (i32.const 8))))
    (local.set $lengths
      (i32.add (i32.load offset=52 (local.get $tables)) (i32.shl (local.get $index) (i32.const 2))))
    (if (i32.eq (i32.load (local.get $lengths)) (local.get $length))
      (then
        (if (call $is_at (local.get $at) (local.get $kept) (local.get $length)) (then (return)))))
    (f64.store offset=8 (local.get $tables)
      (f64.add (f64.load offset=8 (local.get $tables)) (f64.const 1)))
    (f64.store
      (i32.add (i32.load offset=60 (local.get $tables)) (i32.shl (local.get $index) (i32.const 3)))
      (f64.load offset=8 (local.get $tables)))
    ;; It is too long to be kept.
    (if (i32.ge_s (local.get $length) (i32.const 256))
      (then
        (i32.store (local.get $lengths) (i32.const -1))
        (return)))
    (i32.store (local.get $lengths) (local.get $length))
    (loop $next
      (v128.store (local.get $kept) (v128.load offset=0x200000 (local.get $at)))
      (local.set $kept (i32.add (local.get $kept) (i32.const 16)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.lt_s (local.get $at) (local.get $end)))))

  ;; 1 if the line from `from` until before `to` has all pieces of the template; then its contents are where they are noted.
  (func (export "matches") (param $tables i32) (param $from i32) (param $to i32) (result i32)
    (local $at i32)
    (local $index i32)
    (local $next i32)
    (local $piece i32)
    (local $length i32)
    (local $count i32)
    (local.set $at (local.get $from))
    (local.set $count (i32.load offset=4 (local.get $tables)))
    (if (i32.eqz (i32.load (local.get $tables))) (then (return (i32.const 0))))
    (loop $pieces
      (local.set $length
        (i32.load (i32.add (i32.load offset=24 (local.get $tables)) (i32.shl (local.get $piece) (i32.const 2)))))
      (if (i32.gt_s (i32.add (local.get $at) (local.get $length)) (local.get $to)) (then (return (i32.const 0))))
      (if (i32.eqz
            (call $is_at
              (local.get $at)
              (i32.add
                (i32.load offset=28 (local.get $tables))
                (i32.shl
                  (i32.load
                    (i32.add (i32.load offset=20 (local.get $tables)) (i32.shl (local.get $piece) (i32.const 2))))
                  (i32.const 2)))
              (local.get $length)))
        (then (return (i32.const 0))))
      (local.set $next
        (i32.load (i32.add (i32.load offset=16 (local.get $tables)) (i32.shl (local.get $piece) (i32.const 2)))))
      ;; Four contents at once; what is written beyond those of the piece is written again.
      (block $placed
        (loop $contents
          (br_if $placed (i32.ge_s (local.get $index) (local.get $next)))
          (v128.store
            (i32.add (i32.load offset=40 (local.get $tables)) (i32.shl (local.get $index) (i32.const 2)))
            (i32x4.add
              (i32x4.splat (local.get $at))
              (v128.load
                (i32.add (i32.load offset=32 (local.get $tables)) (i32.shl (local.get $index) (i32.const 2))))))
          (v128.store
            (i32.add (i32.load offset=44 (local.get $tables)) (i32.shl (local.get $index) (i32.const 2)))
            (i32x4.add
              (i32x4.splat (local.get $at))
              (v128.load
                (i32.add (i32.load offset=36 (local.get $tables)) (i32.shl (local.get $index) (i32.const 2))))))
          (local.set $index (i32.add (local.get $index) (i32.const 4)))
          (br $contents)))
      (local.set $at (i32.add (local.get $at) (local.get $length)))
      (if (i32.eq (local.get $next) (local.get $count))
        (then (return (i32.eq (local.get $at) (local.get $to)))))
      (i32.store
        (i32.add (i32.load offset=40 (local.get $tables)) (i32.shl (local.get $next) (i32.const 2)))
        (local.get $at))
      (local.set $index
        (if (result i32) (i32.load8_u (i32.add (i32.load offset=48 (local.get $tables)) (local.get $next)))
          (then (call $end_of_text (local.get $at) (local.get $to)))
          (else (call $end_of_number (local.get $at)))))
      (if (i32.or
            (i32.eq (local.get $index) (i32.const -1))
            (i32.gt_s (local.get $index) (local.get $to)))
        (then (return (i32.const 0))))
      (call $keep (local.get $tables) (local.get $next) (local.get $at) (local.get $index))
      (local.set $at (local.get $index))
      (i32.store
        (i32.add (i32.load offset=44 (local.get $tables)) (i32.shl (local.get $next) (i32.const 2)))
        (local.get $at))
      (local.set $index (i32.add (local.get $next) (i32.const 1)))
      (local.set $piece (i32.add (local.get $piece) (i32.const 1)))
      (br_if $pieces (i32.lt_s (local.get $piece) (i32.load (local.get $tables)))))
    (i32.const 0))

  ;; The first line end from `from` on; `to` if there is none before. Up to 63 bytes beyond `to` are read.
  (func (export "endOfLine") (param $from i32) (param $to i32) (result i32)
    (local $ends v128)
    (local $found i32)
    (local.set $ends (v128.const i8x16 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10))
    (block $near
      (loop $next
        (if (i32.ge_s (local.get $from) (local.get $to)) (then (return (local.get $to))))
        (br_if $near
          (v128.any_true
            (v128.or
              (v128.or
                (i8x16.eq (v128.load offset=0x200000 (local.get $from)) (local.get $ends))
                (i8x16.eq (v128.load offset=0x200010 (local.get $from)) (local.get $ends)))
              (v128.or
                (i8x16.eq (v128.load offset=0x200020 (local.get $from)) (local.get $ends))
                (i8x16.eq (v128.load offset=0x200030 (local.get $from)) (local.get $ends))))))
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br $next)))
    (loop $closer
      (local.set $found (i8x16.bitmask (i8x16.eq (v128.load offset=0x200000 (local.get $from)) (local.get $ends))))
      (if (i32.eqz (local.get $found))
        (then
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br $closer))))
    (local.set $from (i32.add (local.get $from) (i32.ctz (local.get $found))))
    (select (local.get $from) (local.get $to) (i32.lt_s (local.get $from) (local.get $to)))))
