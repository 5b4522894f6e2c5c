;; The first look at a text: which places may begin a needle, and which escapes need a closer look. It only leaves out what
;; `EscapeFinder` would settle without a mark, and reports everything else to it; `scan-kernel.ts` fills its tables.
;; A glance is a number as in `view.ts`: bits 0 to 7 the byte shown, bit 8 whether it comes after nothing, bits 9 on the
;; length; -1 unclear, -2 no escape.
(module
  (import "host" "memory" (memory 1))

  ;; Tables at fixed places: one byte for each byte.
  ;;   0x000 kind of trigger; 0 for none     0x100 1 where a needle begins with it
  ;;   0x200 what it shows after a backslash, 0xff when that takes more to tell
  ;;   0x300 value of a hexadecimal digit, 0xff for none
  ;;   0x400 as the next byte: bit n where kind 8 + n has no escape
  ;;   0x500 bit n where kind n, or a view looked through it, has an escape
  ;;   0x600 and 0x610 bits of the triggers by their lower and upper four bits     0x620 the eight bits of a byte
  ;; 0x1000 and 0x3000: one bit for each two bytes that needles hold, and that they begin with.

  ;; Where the tables of grams are, one bit a place; how far a hash is shifted.
  (global $held (export "held") (mut i32) (i32.const 0))
  (global $held_second (export "heldSecond") (mut i32) (i32.const 0))
  (global $begun (export "begun") (mut i32) (i32.const 0))
  (global $begun_second (export "begunSecond") (mut i32) (i32.const 0))
  (global $shift (export "shift") (mut i32) (i32.const 0))
  ;; The text from the first byte to after the last; bit maps of places marked and reported.
  (global $from (mut i32) (i32.const 0))
  (global $to (mut i32) (i32.const 0))
  (global $marks (export "marks") (mut i32) (i32.const 0))
  (global $reports (export "reports") (mut i32) (i32.const 0))
  ;; The first place that a scan marked, and the first that it reported; the end of the text for none.
  (global $first_mark (export "firstMark") (mut i32) (i32.const 0))
  (global $first_report (export "firstReport") (mut i32) (i32.const 0))
  ;; Longest name of an entity.
  (global $name (export "name") (mut i32) (i32.const 0))

  (func $bit (param $map i32) (param $index i32) (result i32)
    (i32.and
      (i32.shr_u
        (i32.load8_u (i32.add (local.get $map) (i32.shr_u (local.get $index) (i32.const 3))))
        (i32.and (local.get $index) (i32.const 7)))
      (i32.const 1)))

  (func $set (param $map i32) (param $index i32)
    (local.set $map (i32.add (local.get $map) (i32.shr_u (local.get $index) (i32.const 3))))
    (i32.store8 (local.get $map)
      (i32.or
        (i32.load8_u (local.get $map))
        (i32.shl (i32.const 1) (i32.and (local.get $index) (i32.const 7))))))

  (func $mark (param $at i32)
    (local $index i32)
    (local.set $index (i32.sub (local.get $at) (global.get $from)))
    (if (i32.lt_u (local.get $index) (global.get $first_mark))
      (then (global.set $first_mark (local.get $index))))
    (call $set (global.get $marks) (local.get $index)))

  (func $report (param $at i32)
    (local $index i32)
    (local.set $index (i32.sub (local.get $at) (global.get $from)))
    (if (i32.lt_u (local.get $index) (global.get $first_report))
      (then (global.set $first_report (local.get $index))))
    (call $set (global.get $reports) (local.get $index)))

  ;; The two hashes of gram-filter.ts.
  (func $hash (param $gram i32) (param $shift i32) (result i32)
    (i32.shr_u (i32.mul (local.get $gram) (i32.const 0x9e3779b1)) (local.get $shift)))

  (func $second_hash (param $gram i32) (param $shift i32) (result i32)
    (i32.shr_u (i32.mul (local.get $gram) (i32.const 0x85ebca6b)) (local.get $shift)))

  (func $may_hold (param $gram i32) (result i32)
    (if (i32.eqz (call $bit (global.get $held) (call $hash (local.get $gram) (global.get $shift))))
      (then (return (i32.const 0))))
    (call $bit (global.get $held_second) (call $second_hash (local.get $gram) (global.get $shift))))

  (func $may_begin (param $gram i32) (result i32)
    (if (i32.eqz (call $bit (global.get $begun) (call $hash (local.get $gram) (global.get $shift))))
      (then (return (i32.const 0))))
    (call $bit (global.get $begun_second) (call $second_hash (local.get $gram) (global.get $shift))))

  (func $is_pair (param $a i32) (param $b i32) (result i32)
    (call $bit (i32.const 0x1000) (i32.or (i32.shl (local.get $a) (i32.const 8)) (local.get $b))))

  (func $is_beginning (param $a i32) (param $b i32) (result i32)
    (call $bit (i32.const 0x3000) (i32.or (i32.shl (local.get $a) (i32.const 8)) (local.get $b))))

  (func $seen (param $byte i32) (param $length i32) (result i32)
    (i32.or (local.get $byte) (i32.shl (local.get $length) (i32.const 9))))

  ;; Whether the sixteen bytes before a place hold no blank.
  (func $is_within_word (param $at i32) (result i32)
    (i8x16.all_true
      (i8x16.gt_u (v128.load (i32.sub (local.get $at) (i32.const 16))) (i8x16.splat (i32.const 0x20)))))

  ;; Two hexadecimal digits; over 255 for anything else.
  (func $hexadecimal (param $at i32) (result i32)
    (local $upper i32)
    (local $lower i32)
    (local.set $upper (i32.load8_u offset=0x300 (i32.load8_u (local.get $at))))
    (local.set $lower (i32.load8_u offset=0x300 (i32.load8_u offset=1 (local.get $at))))
    (if (i32.gt_u (i32.or (local.get $upper) (local.get $lower)) (i32.const 15)) (then (return (i32.const 256))))
    (i32.or (i32.shl (local.get $upper) (i32.const 4)) (local.get $lower)))

  ;; A sign and two digits.
  (func $glance_digits (param $at i32) (result i32)
    (local $value i32)
    (local.set $value (call $hexadecimal (i32.add (local.get $at) (i32.const 1))))
    (if (i32.gt_u (local.get $value) (i32.const 255)) (then (return (i32.const -2))))
    (call $seen (local.get $value) (i32.const 3)))

  ;; The same, where a byte that begins a character of UTF-8 needs another after it.
  (func $glance_percent (param $at i32) (result i32)
    (local $glance i32)
    (if (i32.eq (i32.load8_u offset=1 (local.get $at)) (i32.const 0x75)) (then (return (i32.const -1))))
    (local.set $glance (call $glance_digits (local.get $at)))
    (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (local.get $glance))))
    (if (i32.lt_u (i32.and (local.get $glance) (i32.const 0xff)) (i32.const 0xc0)) (then (return (local.get $glance))))
    (if (i32.eq (i32.load8_u offset=3 (local.get $at)) (i32.const 0x25))
      (then
        (if (i32.lt_u
            (i32.sub (call $hexadecimal (i32.add (local.get $at) (i32.const 4))) (i32.const 0x80))
            (i32.const 0x40))
          (then (return (local.get $glance))))))
    (i32.const -1))

  (func $glance_percent_deeper (param $at i32) (result i32)
    (local $value i32)
    (if (i32.ne (i32.load16_u offset=1 (local.get $at)) (i32.const 0x3532)) (then (return (i32.const -2))))
    (if (i32.eq (i32.load8_u offset=3 (local.get $at)) (i32.const 0x25))
      (then
        (return (select (i32.const -2) (i32.const -1) (i32.eq (i32.load8_u offset=4 (local.get $at)) (i32.const 0x32))))))
    (if (i32.eq (i32.load8_u offset=3 (local.get $at)) (i32.const 0x75)) (then (return (i32.const -1))))
    (if (i32.gt_u (i32.load8_u offset=0x300 (i32.load8_u offset=3 (local.get $at))) (i32.const 15))
      (then (return (i32.const -2))))
    (if (i32.eq (i32.load8_u offset=4 (local.get $at)) (i32.const 0x25)) (then (return (i32.const -1))))
    (local.set $value (call $hexadecimal (i32.add (local.get $at) (i32.const 3))))
    (if (i32.gt_u (local.get $value) (i32.const 255)) (then (return (i32.const -2))))
    (if (i32.ge_u (local.get $value) (i32.const 0xc0)) (then (return (i32.const -1))))
    (call $seen (local.get $value) (i32.const 5)))

  ;; Where a terminal's code ends; -1 where the text is too short to tell, -2 when it is none.
  (func $end_of_code (param $at i32) (result i32)
    (local $most i32)
    (local $byte i32)
    (local.set $most (i32.add (local.get $at) (i32.const 41)))
    (if (i32.ge_u (local.get $most) (global.get $to)) (then (return (i32.const -1))))
    (if (i32.ne (i32.load8_u offset=1 (local.get $at)) (i32.const 0x5b)) (then (return (i32.const -2))))
    (local.set $at (i32.add (local.get $at) (i32.const 2)))
    (block $ended
      (loop $next
        (br_if $ended (i32.ge_u (local.get $at) (local.get $most)))
        (br_if $ended
          (i32.gt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30)) (i32.const 15)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.or (i32.eq (local.get $byte) (i32.const 0x6d)) (i32.eq (local.get $byte) (i32.const 0x4b)))
      (then (return (i32.add (local.get $at) (i32.const 1)))))
    (i32.const -2))

  (func $glance_colour (param $at i32) (result i32)
    (local $place i32)
    (local $end i32)
    (local $codes i32)
    (local.set $place (local.get $at))
    (block $after
      (loop $next
        (br_if $after (i32.ne (i32.load8_u (local.get $place)) (i32.const 0x1b)))
        (if (i32.gt_u (local.get $codes) (i32.const 4)) (then (return (i32.const -3))))
        (local.set $end (call $end_of_code (local.get $place)))
        (if (i32.lt_s (local.get $end) (i32.const 0))
          (then (return (select (i32.const -1) (local.get $end) (local.get $codes)))))
        (local.set $place (local.get $end))
        (local.set $codes (i32.add (local.get $codes) (i32.const 1)))
        (br $next)))
    (if (i32.ge_u (local.get $place) (global.get $to)) (then (return (i32.const -1))))
    (i32.or
      (call $seen
        (i32.load8_u (local.get $place))
        (i32.sub (i32.add (local.get $place) (i32.const 1)) (local.get $at)))
      (i32.const 0x100)))

  ;; How many backslashes, up to four.
  (func $run_of_backslashes (param $at i32) (result i32)
    (local $run i32)
    (local.set $run (i32.const 1))
    (block $ended
      (loop $next
        (br_if $ended (i32.ge_u (local.get $run) (i32.const 4)))
        (br_if $ended
          (i32.ne (i32.load8_u (i32.add (local.get $at) (local.get $run))) (i32.const 0x5c)))
        (local.set $run (i32.add (local.get $run) (i32.const 1)))
        (br $next)))
    (local.get $run))

  ;; `\x41` and `\u0041`, the letter that comes after the backslash at `at`.
  (func $glance_number (param $at i32) (param $letter i32) (result i32)
    (local $place i32)
    (local $end i32)
    (local $digit i32)
    (local $value i32)
    (local.set $place (i32.add (local.get $at) (i32.const 2)))
    (local.set $end
      (i32.add (local.get $at) (select (i32.const 4) (i32.const 6) (i32.eq (local.get $letter) (i32.const 0x78)))))
    (loop $next
      (local.set $digit (i32.load8_u offset=0x300 (i32.load8_u (local.get $place))))
      (if (i32.gt_u (local.get $digit) (i32.const 15))
        (then
          (if (i32.eq (i32.load8_u (local.get $place)) (i32.const 0x7b)) (then (return (i32.const -1))))
          (if (i32.and
              (i32.eq (local.get $letter) (i32.const 0x78))
              (i32.ne (local.get $place) (i32.add (local.get $at) (i32.const 2))))
            (then (return (i32.const -1))))
          (return (call $seen (local.get $letter) (i32.const 2)))))
      (local.set $value (i32.or (i32.shl (local.get $value) (i32.const 4)) (local.get $digit)))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $place) (local.get $end))))
    (if (i32.or
        (i32.ge_u (i32.sub (local.get $value) (i32.const 0x20)) (i32.const 0x60))
        (i32.eq (local.get $value) (i32.const 0x5c)))
      (then (return (i32.const -1))))
    (call $seen (local.get $value) (i32.sub (local.get $end) (local.get $at))))

  (func $is_number (param $letter i32) (result i32)
    (i32.or (i32.eq (local.get $letter) (i32.const 0x78)) (i32.eq (local.get $letter) (i32.const 0x75))))

  ;; A backslash before anything but a backslash.
  (func $glance_backslash (param $at i32) (result i32)
    (local $next i32)
    (local $shown i32)
    (local.set $next (i32.load8_u offset=1 (local.get $at)))
    (if (call $is_number (local.get $next))
      (then (return (call $glance_number (local.get $at) (local.get $next)))))
    (local.set $shown (i32.load8_u offset=0x200 (local.get $next)))
    (if (i32.eq (local.get $shown) (i32.const 0xff)) (then (return (i32.const -1))))
    (if (i32.or (i32.eq (local.get $shown) (i32.const 0x0a)) (i32.eq (local.get $shown) (i32.const 0x0d)))
      (then (if (call $is_within_word (local.get $at)) (then (return (i32.const -1))))))
    (call $seen (local.get $shown) (i32.const 2)))

  ;; What a view of a kind shows at a place that comes after an escape; -1 where that takes more to tell.
  (func $following (param $kind i32) (param $at i32) (result i32)
    (local $byte i32)
    (local $glance i32)
    (if (i32.ge_u (local.get $at) (global.get $to)) (then (return (i32.const -1))))
    (local.set $byte (i32.load8_u (local.get $at)))
    (if (i32.eqz
        (i32.and
          (i32.shr_u (i32.load8_u offset=0x500 (local.get $byte)) (local.get $kind))
          (i32.const 1)))
      (then (return (call $seen (local.get $byte) (i32.const 1)))))
    ;; Near the end of the text, a glance may look beyond it.
    (if (i32.gt_u (i32.add (local.get $at) (i32.const 17)) (global.get $to)) (then (return (i32.const -1))))
    (if (i32.and (i32.eq (local.get $kind) (i32.const 1)) (i32.eq (local.get $byte) (i32.const 0x25)))
      (then
        (local.set $glance (call $glance_percent (local.get $at)))
        (if (i32.eq (local.get $glance) (i32.const -2)) (then (return (call $seen (local.get $byte) (i32.const 1)))))
        ;; It may be the value's own.
        (if (i32.load8_u offset=0x700 (i32.const 0x25)) (then (return (i32.const -1))))
        (if (i32.ne (call $glance_percent_deeper (local.get $at)) (i32.const -2)) (then (return (i32.const -1))))
        (return (local.get $glance))))
    (if (i32.eq (local.get $kind) (i32.const 4))
      (then
        (local.set $glance (call $glance_colour (local.get $at)))
        (if (i32.eq (local.get $glance) (i32.const -2)) (then (return (call $seen (local.get $byte) (i32.const 1)))))
        (return (local.get $glance))))
    (if (i32.and (i32.eq (local.get $kind) (i32.const 5)) (i32.eq (local.get $byte) (i32.const 0x5c)))
      (then
        (if (i32.ne (i32.load8_u offset=1 (local.get $at)) (i32.const 0x5c))
          (then (return (call $glance_backslash (local.get $at)))))))
    (i32.const -1))

  ;; Whether what was seen at an escape is of no needle: by the bytes before it, then by the three after it. A needle may have
  ;; begun further back than they tell, or two bytes before, or one, or begin there.
  (func $is_settled (param $kind i32) (param $at i32) (param $glance i32) (result i32)
    (local $before i32)
    (local $shown i32)
    (local $begins i32)
    (local $began i32)
    (local $began_two_back i32)
    (local $gram i32)
    (local $next i32)
    ;; Four bytes as a machine loads them: the one before the escape is the highest.
    (local.set $before (i32.load (i32.sub (local.get $at) (i32.const 4))))
    (local.set $shown (i32.and (local.get $glance) (i32.const 0xff)))
    (local.set $begins
      (i32.and
        (i32.eqz (i32.and (local.get $glance) (i32.const 0x100)))
        (i32.load8_u offset=0x100 (local.get $shown))))
    (local.set $gram
      (i32.or (i32.shr_u (local.get $before) (i32.const 8)) (i32.shl (local.get $shown) (i32.const 24))))
    (if (call $is_pair (i32.shr_u (local.get $before) (i32.const 24)) (local.get $shown))
      (then
        (if (call $may_hold (local.get $gram)) (then (return (i32.const 0))))
        (local.set $began
          (call $is_beginning (i32.shr_u (local.get $before) (i32.const 24)) (local.get $shown)))
        (local.set $began_two_back
          (call $is_beginning
            (i32.and (i32.shr_u (local.get $before) (i32.const 16)) (i32.const 0xff))
            (i32.shr_u (local.get $before) (i32.const 24))))))
    (if (i32.eqz (i32.or (local.get $begins) (i32.or (local.get $began) (local.get $began_two_back))))
      (then (return (i32.const 1))))
    (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $glance) (i32.const 9))))
    (local.set $next (call $following (local.get $kind) (local.get $at)))
    (if (i32.lt_s (local.get $next) (i32.const 0)) (then (return (i32.const 0))))
    (local.set $gram
      (i32.or (i32.shr_u (local.get $gram) (i32.const 8)) (i32.shl (local.get $next) (i32.const 24))))
    (if (local.get $began_two_back)
      (then (if (call $may_begin (local.get $gram)) (then (return (i32.const 0))))))
    (if (local.get $begins)
      (then
        (local.set $begins (call $is_beginning (local.get $shown) (i32.and (local.get $next) (i32.const 0xff))))))
    (if (i32.eqz (i32.or (local.get $begins) (local.get $began))) (then (return (i32.const 1))))
    (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $next) (i32.const 9))))
    (local.set $next (call $following (local.get $kind) (local.get $at)))
    (if (i32.lt_s (local.get $next) (i32.const 0)) (then (return (i32.const 0))))
    (local.set $gram
      (i32.or (i32.shr_u (local.get $gram) (i32.const 8)) (i32.shl (local.get $next) (i32.const 24))))
    (if (local.get $began)
      (then (if (call $may_begin (local.get $gram)) (then (return (i32.const 0))))))
    (if (i32.eqz (local.get $begins)) (then (return (i32.const 1))))
    (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $next) (i32.const 9))))
    (local.set $next (call $following (local.get $kind) (local.get $at)))
    (if (i32.lt_s (local.get $next) (i32.const 0)) (then (return (i32.const 0))))
    (local.set $gram
      (i32.or (i32.shr_u (local.get $gram) (i32.const 8)) (i32.shl (local.get $next) (i32.const 24))))
    (i32.eqz (call $may_begin (local.get $gram))))

  ;; Whether a backslash is of no needle, through all the views that look through each other there.
  (func $is_backslash_settled (param $at i32) (result i32)
    (local $next i32)
    (local $run i32)
    (local $before i32)
    (local $glance i32)
    (local.set $next (i32.load8_u offset=1 (local.get $at)))
    (if (i32.ne (local.get $next) (i32.const 0x5c))
      (then
        (if (i32.eq (local.get $next) (i32.const 0x0a))
          (then
            ;; Six ends of lines that go on: more than any needle goes on after.
            (return
              (i32.and
                (i64.eq (i64.load (local.get $at)) (i64.const 0x0a5c0a5c0a5c0a5c))
                (i32.eq (i32.load offset=8 (local.get $at)) (i32.const 0x0a5c0a5c))))))
        (local.set $glance (call $glance_backslash (local.get $at)))
        (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 0))))
        (return (call $is_settled (i32.const 5) (local.get $at) (local.get $glance)))))
    (if (i8x16.all_true (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 0x5c))))
      (then
        (local.set $before (i32.load8_u (i32.sub (local.get $at) (i32.const 1))))
        (if (call $is_pair (local.get $before) (i32.const 0x5c)) (then (return (i32.const 0))))
        (return
          (i32.or
            (i32.eqz (i32.load8_u offset=0x100 (i32.const 0x5c)))
            (i32.eqz (call $is_beginning (i32.const 0x5c) (i32.const 0x5c)))))))
    (if (i32.eqz (call $is_settled (i32.const 5) (local.get $at) (call $seen (i32.const 0x5c) (i32.const 2))))
      (then (return (i32.const 0))))
    ;; What JSON in JSON has there.
    (local.set $run (call $run_of_backslashes (local.get $at)))
    (if (i32.gt_u (local.get $run) (i32.const 3)) (then (return (i32.const 0))))
    (local.set $next (i32.load8_u (i32.add (local.get $at) (local.get $run))))
    (if (call $is_number (local.get $next))
      (then
        (if (i32.ne (local.get $run) (i32.const 2)) (then (return (i32.const 0))))
        (local.set $glance (call $glance_number (i32.add (local.get $at) (i32.const 1)) (local.get $next)))
        (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 0))))
        (return
          (call $is_settled (i32.const 5) (local.get $at) (i32.add (local.get $glance) (i32.const 0x200))))))
    (local.set $next (i32.load8_u offset=0x200 (local.get $next)))
    (if (i32.eq (local.get $next) (i32.const 0xff)) (then (return (i32.const 0))))
    (if (i32.or (i32.eq (local.get $next) (i32.const 0x0a)) (i32.eq (local.get $next) (i32.const 0x0d)))
      (then (return (i32.const 0))))
    (call $is_settled (i32.const 5) (local.get $at)
      (call $seen (local.get $next) (i32.add (local.get $run) (i32.const 1)))))

  (func $is_percent_settled (param $at i32) (result i32)
    (local $glance i32)
    ;; Two of them are one to another view.
    (if (i32.eq (i32.load8_u offset=1 (local.get $at)) (i32.const 0x25)) (then (return (i32.const 0))))
    (local.set $glance (call $glance_percent (local.get $at)))
    (if (i32.eq (local.get $glance) (i32.const -1)) (then (return (i32.const 0))))
    (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 1))))
    (if (i32.eqz (call $is_settled (i32.const 1) (local.get $at) (local.get $glance))) (then (return (i32.const 0))))
    (local.set $glance (call $glance_percent_deeper (local.get $at)))
    (if (i32.eq (local.get $glance) (i32.const -1)) (then (return (i32.const 0))))
    (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 1))))
    (call $is_settled (i32.const 1) (local.get $at) (local.get $glance)))

  (func $is_equals_settled (param $at i32) (result i32)
    (local $glance i32)
    (local.set $glance (i32.load8_u offset=1 (local.get $at)))
    (if (i32.or (i32.eq (local.get $glance) (i32.const 0x0a)) (i32.eq (local.get $glance) (i32.const 0x0d)))
      (then (return (i32.const 0))))
    (local.set $glance (call $glance_digits (local.get $at)))
    (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 1))))
    (call $is_settled (i32.const 2) (local.get $at) (local.get $glance)))

  ;; Whether no entity is there: its letters end with neither a semicolon nor a number's sign.
  (func $is_ampersand_settled (param $at i32) (result i32)
    (local $last i32)
    (local $byte i32)
    (local.set $last (i32.add (i32.add (local.get $at) (i32.const 1)) (global.get $name)))
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.or (i32.eq (local.get $byte) (i32.const 0x3b)) (i32.eq (local.get $byte) (i32.const 0x23)))
        (then (return (i32.const 0))))
      (if (i32.gt_u (i32.sub (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x61)) (i32.const 25))
        (then (return (i32.const 1))))
      (br_if $next (i32.lt_u (local.get $at) (local.get $last))))
    (i32.const 1))

  (func $is_colour_settled (param $at i32) (result i32)
    (local $glance i32)
    (local.set $glance (call $glance_colour (local.get $at)))
    (if (i32.eq (local.get $glance) (i32.const -1)) (then (return (i32.const 0))))
    (if (i32.lt_s (local.get $glance) (i32.const 0)) (then (return (i32.const 1))))
    (call $is_settled (i32.const 4) (local.get $at) (local.get $glance)))

  ;; The end of a line that breaks a word, or, where needles have blanks (0x700 tells), one that stands for a blank.
  (func $is_line_end_settled (param $at i32) (result i32)
    (local $is_simple i32)
    (local.set $is_simple
      (i32.and
        (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x0a))
        (i32.gt_u (i32.load8_u offset=1 (local.get $at)) (i32.const 0x20))))
    (if (call $is_within_word (local.get $at))
      (then
        (if (i32.eqz (local.get $is_simple)) (then (return (i32.const 0))))
        (if (i32.eqz
            (call $is_settled (i32.const 6) (local.get $at)
              (i32.or (call $seen (i32.load8_u offset=1 (local.get $at)) (i32.const 2)) (i32.const 0x100))))
          (then (return (i32.const 0))))))
    (if (i32.eqz (i32.load8_u offset=0x700 (i32.const 0x20))) (then (return (i32.const 1))))
    (if (i32.eqz (local.get $is_simple)) (then (return (i32.const 0))))
    (call $is_settled (i32.const 6) (local.get $at) (call $seen (i32.const 0x20) (i32.const 1))))

  (func $is_plus_settled (param $at i32) (result i32)
    (call $is_settled (i32.const 7) (local.get $at) (call $seen (i32.const 0x20) (i32.const 1))))

  (func $is_kind_settled (param $kind i32) (param $at i32) (result i32)
    (block $other
      (block $plus
        (block $line_end
          (block $backslash
            (block $colour
              (block $ampersand
                (block $equals
                  (block $percent
                    (br_table $other $percent $equals $ampersand $colour $backslash $line_end $plus $other
                      (local.get $kind)))
                  (return (call $is_percent_settled (local.get $at))))
                (return (call $is_equals_settled (local.get $at))))
              (return (call $is_ampersand_settled (local.get $at))))
            (return (call $is_colour_settled (local.get $at))))
          (return (call $is_backslash_settled (local.get $at))))
        (return (call $is_line_end_settled (local.get $at))))
      (return (call $is_plus_settled (local.get $at))))
    ;; Sixteen and more have no bit.
    (i32.and
      (i32.shr_u
        (i32.load8_u offset=0x400 (i32.load8_u offset=1 (local.get $at)))
        (i32.sub (local.get $kind) (i32.const 8)))
      (i32.lt_u (local.get $kind) (i32.const 16))))

  ;; Not 0 at each of the sixteen bytes from a place on that may begin an escape: a trigger is in both tables.
  (func $triggers (param $at i32) (param $lower v128) (param $upper v128) (param $fifteen v128) (result v128)
    (local $block v128)
    (local.set $block (v128.load (local.get $at)))
    (v128.and
      (i8x16.swizzle (local.get $lower) (v128.and (local.get $block) (local.get $fifteen)))
      ;; By sixteen bits: machines shift no bytes.
      (i8x16.swizzle
        (local.get $upper)
        (v128.and (i16x8.shr_u (local.get $block) (i32.const 4)) (local.get $fifteen)))))

  ;; Starts a scan of the bytes from `text` to before `end`.
  (func (export "begin") (param $text i32) (param $end i32)
    (global.set $from (local.get $text))
    (global.set $to (local.get $end))
    (global.set $first_mark (i32.sub (local.get $end) (local.get $text)))
    (global.set $first_report (global.get $first_mark)))

  ;; Reports the escapes of a text that may belong to a needle, and all that are near either end of it. Sixty-four bytes at
  ;; once: most hold none, or an end of a line and nothing else.
  (func (export "findEscapes")
    (local $at i32)
    (local $end i32)
    (local $place i32)
    (local $kind i32)
    (local $inner i32)
    (local $inner_length i32)
    (local $plain_line_end i32)
    (local $bits i64)
    (local $first v128)
    (local $second v128)
    (local $third v128)
    (local $fourth v128)
    (local $lower v128)
    (local $upper v128)
    (local $fifteen v128)
    (local $none v128)
    (local.set $lower (v128.load (i32.const 0x600)))
    (local.set $upper (v128.load (i32.const 0x610)))
    (local.set $fifteen (i8x16.splat (i32.const 15)))
    ;; The kind of a line's end where no needle has a blank; no kind otherwise.
    (local.set $plain_line_end
      (select (i32.const -1) (i32.const 6) (i32.load8_u offset=0x700 (i32.const 0x20))))
    (local.set $at (global.get $from))
    (local.set $end (global.get $to))
    ;; Where sixteen bytes come before a place, and more than 32 after it.
    (local.set $inner (i32.add (local.get $at) (i32.const 16)))
    (if (i32.gt_s (i32.sub (local.get $end) (local.get $at)) (i32.const 48))
      (then (local.set $inner_length (i32.sub (i32.sub (local.get $end) (i32.const 32)) (local.get $inner)))))
    (block $ended
      (loop $next
        (br_if $ended (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $first
          (call $triggers (local.get $at) (local.get $lower) (local.get $upper) (local.get $fifteen)))
        (local.set $second
          (call $triggers
            (i32.add (local.get $at) (i32.const 16)) (local.get $lower) (local.get $upper) (local.get $fifteen)))
        (local.set $third
          (call $triggers
            (i32.add (local.get $at) (i32.const 32)) (local.get $lower) (local.get $upper) (local.get $fifteen)))
        (local.set $fourth
          (call $triggers
            (i32.add (local.get $at) (i32.const 48)) (local.get $lower) (local.get $upper) (local.get $fifteen)))
        (if (v128.any_true
            (v128.or
              (v128.or (local.get $first) (local.get $second))
              (v128.or (local.get $third) (local.get $fourth))))
          (then
            (local.set $bits
              (i64.or
                (i64.or
                  (i64.extend_i32_u (i8x16.bitmask (i8x16.ne (local.get $first) (local.get $none))))
                  (i64.shl
                    (i64.extend_i32_u (i8x16.bitmask (i8x16.ne (local.get $second) (local.get $none))))
                    (i64.const 16)))
                (i64.or
                  (i64.shl
                    (i64.extend_i32_u (i8x16.bitmask (i8x16.ne (local.get $third) (local.get $none))))
                    (i64.const 32))
                  (i64.shl
                    (i64.extend_i32_u (i8x16.bitmask (i8x16.ne (local.get $fourth) (local.get $none))))
                    (i64.const 48)))))
            (block $done
              (loop $trigger
                (br_if $done (i64.eqz (local.get $bits)))
                (local.set $place (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $bits)))))
                (local.set $bits (i64.and (local.get $bits) (i64.sub (local.get $bits) (i64.const 1))))
                (if (i32.lt_u (i32.sub (local.get $place) (local.get $inner)) (local.get $inner_length))
                  (then
                    (local.set $kind (i32.load8_u (i32.load8_u (local.get $place))))
                    (if (i32.eq (local.get $kind) (local.get $plain_line_end))
                      (then
                        ;; Told here what `$is_line_end_settled` tells at once: every line has an end.
                        (br_if $trigger (i32.eqz (call $is_within_word (local.get $place))))))
                    (br_if $trigger (call $is_kind_settled (local.get $kind) (local.get $place))))
                  (else (br_if $done (i32.ge_u (local.get $place) (local.get $end)))))
                (call $report (local.get $place))
                (br $trigger)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next))))

  ;; Marks the places where a window may begin in which the gram at a place stands, or does nothing: `place` is its hash.
  ;; `offsets`: where in windows the gram of a place stands.
  (func $mark_windows
    (param $at i32) (param $gram i32) (param $place i32) (param $held_second i32) (param $offsets i32) (param $shift i32)
    (local $there i32)
    (local $begin i32)
    (if (i32.eqz (call $bit (local.get $held_second) (call $second_hash (local.get $gram) (local.get $shift))))
      (then (return)))
    (local.set $there (i32.load (i32.add (local.get $offsets) (i32.shl (local.get $place) (i32.const 2)))))
    (block $done
      (loop $offset
        (br_if $done (i32.eqz (local.get $there)))
        (local.set $begin (i32.sub (local.get $at) (i32.ctz (local.get $there))))
        (local.set $there (i32.and (local.get $there) (i32.sub (local.get $there) (i32.const 1))))
        (br_if $offset (i32.lt_u (local.get $begin) (global.get $from)))
        (if (call $may_begin (i32.load (local.get $begin)))
          (then (call $mark (local.get $begin))))
        (br $offset))))

  ;; The same for four grams, a stride between them; `at` is where the last one stands.
  (func $mark_four
    (param $at i32) (param $stride i32)
    (param $first i32) (param $second i32) (param $third i32) (param $fourth i32)
    (param $held i32) (param $held_second i32) (param $offsets i32) (param $shift i32)
    (local $place i32)
    (local $left i32)
    (local.set $left (i32.const 4))
    (loop $next
      ;; From the last to the first.
      (local.set $place (call $hash (local.get $fourth) (local.get $shift)))
      (if (call $bit (local.get $held) (local.get $place))
        (then
          (call $mark_windows
            (local.get $at) (local.get $fourth) (local.get $place)
            (local.get $held_second) (local.get $offsets) (local.get $shift))))
      (local.set $at (i32.sub (local.get $at) (local.get $stride)))
      (local.set $fourth (local.get $third))
      (local.set $third (local.get $second))
      (local.set $second (local.get $first))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left))))

  ;; Not 0 where a bit is set. As `$bit`, by a table of eight masks, which is faster than a shift by a number that varies.
  (func $has_bit (param $map i32) (param $index i32) (result i32)
    (i32.and
      (i32.load8_u (i32.add (local.get $map) (i32.shr_u (local.get $index) (i32.const 3))))
      (i32.load8_u offset=0x620 (i32.and (local.get $index) (i32.const 7)))))

  ;; Marks where whole windows may begin: looks at four bytes in each stride, four strides at once.
  (func (export "findWindows")
    (param $stride i32) (param $held i32) (param $held_second i32) (param $offsets i32) (param $shift i32)
    (local $at i32)
    (local $end i32)
    (local $first i32)
    (local $second i32)
    (local $third i32)
    (local $fourth i32)
    (local $last i32)
    (local.set $at (i32.sub (i32.add (global.get $from) (local.get $stride)) (i32.const 1)))
    (local.set $end (i32.sub (global.get $to) (i32.const 4)))
    (local.set $last (i32.sub (local.get $end) (i32.mul (local.get $stride) (i32.const 3))))
    (block $few
      (loop $next
        (br_if $few (i32.gt_s (local.get $at) (local.get $last)))
        (local.set $first (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $second (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $third (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $fourth (i32.load (local.get $at)))
        (if (i32.or
            (i32.or
              (call $has_bit (local.get $held) (call $hash (local.get $first) (local.get $shift)))
              (call $has_bit (local.get $held) (call $hash (local.get $second) (local.get $shift))))
            (i32.or
              (call $has_bit (local.get $held) (call $hash (local.get $third) (local.get $shift)))
              (call $has_bit (local.get $held) (call $hash (local.get $fourth) (local.get $shift)))))
          (then
            (call $mark_four
              (local.get $at) (local.get $stride)
              (local.get $first) (local.get $second) (local.get $third) (local.get $fourth)
              (local.get $held) (local.get $held_second) (local.get $offsets) (local.get $shift))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (br $next)))
    (block $ended
      (loop $next
        (br_if $ended (i32.gt_s (local.get $at) (local.get $end)))
        (local.set $first (i32.load (local.get $at)))
        (local.set $second (call $hash (local.get $first) (local.get $shift)))
        (if (call $bit (local.get $held) (local.get $second))
          (then
            (call $mark_windows
              (local.get $at) (local.get $first) (local.get $second)
              (local.get $held_second) (local.get $offsets) (local.get $shift))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (br $next))))

  ;; The same for needles of few bytes, by three bytes in each stride; `offsets` has two bytes a place.
  (func (export "findShort") (param $stride i32) (param $held i32) (param $offsets i32)
    (local $at i32)
    (local $place i32)
    (local $there i32)
    (local $begin i32)
    (local.set $at (i32.sub (i32.add (global.get $from) (local.get $stride)) (i32.const 1)))
    (block $ended
      (loop $next
        (br_if $ended (i32.gt_s (i32.add (local.get $at) (i32.const 3)) (global.get $to)))
        (local.set $place (call $hash (i32.shl (i32.load (local.get $at)) (i32.const 8)) (i32.const 16)))
        (if (call $bit (local.get $held) (local.get $place))
          (then
            (local.set $there
              (i32.load16_u (i32.add (local.get $offsets) (i32.shl (local.get $place) (i32.const 1)))))
            (block $done
              (loop $offset
                (br_if $done (i32.eqz (local.get $there)))
                (local.set $begin (i32.sub (local.get $at) (i32.ctz (local.get $there))))
                (local.set $there (i32.and (local.get $there) (i32.sub (local.get $there) (i32.const 1))))
                (br_if $offset (i32.lt_u (local.get $begin) (global.get $from)))
                (br_if $offset (i32.gt_u (i32.add (local.get $begin) (i32.const 4)) (global.get $to)))
                (if (call $may_begin (i32.load (local.get $begin)))
                  (then (call $mark (local.get $begin))))
                (br $offset)))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (br $next))))
)
