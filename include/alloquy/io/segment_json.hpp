#pragma once

/// \file
/// JSON form of a segment's condition: the same trees as the text form, for programs.

#include <string>
#include <string_view>

#include <alloquy/error.hpp>
#include <alloquy/segment/catalogue.hpp>
#include <alloquy/segment/condition.hpp>

namespace alloquy::io {

/// A condition as JSON, on one line without spaces. The format is described by src/io/schema/condition.schema.json.
///
/// Every condition is one object. Keys have a fixed order, defaults are left out, numbers are the shortest that read
/// back equal, and a duration stands in days, or else in the largest unit below in which it is whole: equal conditions
/// give equal texts.
///
/// \code
/// true                                    {"all":[]}                                    false: {"any":[]}
/// x and y                                 {"all":[x,y]}                                 or: any
/// not x                                   {"not":x}
///
/// engagement < 0.3                        {"field":"engagement","less":0.3}
///                                         likewise equal (=), at_most (<=), greater (>), at_least (>=)
/// visits between 2 and 5                  {"field":"visits","between":[2,5]}
/// city in ("a", "b")                      {"field":"city","one_of":["a","b"]}
/// city starts with "a"                    {"field":"city","starts_with":"a"}
///                                         likewise contains, ends_with, like, matches
/// city is known                           {"field":"city","known":true}
///
/// count of results in last 30 days > 3    {"count":{"of":"results","in":{"last":{"days":30}}},"greater":3}
/// mean fraction of results where x < 1    {"mean":{"field":"fraction","of":"results","where":x},"less":1}
/// count of former roles student > 1       {"role_count":{"period":"former","kind":"student"},"greater":1}
/// values of act of interactions has only ("sent")
///                                         {"values":{"field":"act","of":"interactions"},"only":["sent"]}
/// sequence (results then no results within 7 days)
///                             {"sequence":[{"of":"results"},{"of":"results","absent":true,"within":{"days":7}}]}
///
/// anniversary of attribute:x in next 7 days     {"anniversary":{"field":"attribute:x","days":7}}
/// former role student of "n" at "Z"
///                             {"role":{"period":"former","kind":"student","programmes":["n"],"sites":["Z"]}}
/// relation guardian_of to person where x        {"relation":{"kind":"guardian_of","person":x}}
/// relation to organisation "o" of kind school
///                             {"relation":{"to":"organisation","organisations":["o"],"organisation_kind":"school"}}
/// open obligation "i" due within 7 days   {"obligation":{"state":"open","kinds":["i"],"due_within":{"days":7}}}
/// open dialogue about "h" with "d" of tone complaint
///                             {"dialogue":{"state":"open","topics":["h"],"teams":["d"],"tones":["complaint"]}}
/// enrolment with status enrolled of "n"   {"enrolment":{"statuses":["enrolled"],"programmes":["n"]}}
/// consent to "n" by "email"               {"consent":{"purpose":"n","channel":"email"}}       objection
/// random 10 % to 20 % of "d"              {"random":{"from":10,"below":20,"name":"d"}}
/// on list "l"                             {"on_list":"l"}
/// in segment "a" for 14 days              {"in_segment":"a","for":{"days":14}}
/// was in segment "a" since 2026-01-01     {"was_in_segment":"a","in":{"from":"2026-01-01"}}
///                                         likewise entered_segment, left_segment
/// \endcode
///
/// Windows are `{"last":{"days":30}}`, `{"from":"2026-01-01","to":"2026-01-31"}`, `{"this":"week"}` and
/// `{"previous":"academic_year"}`. Values are truths, numbers, texts, `{"day":"2026-01-01"}`,
/// `{"today":-30,"unit":"day"}` and `{"parameter":"x"}`. Days and windows that ask for a clock of their own add
/// `"zone":"own"` or `"zone":"Europe/Amsterdam"`.
///
/// \param condition  One that segment::problems_of() finds nothing wrong with.
/// \throws InvalidArgument  if a text in it is not UTF-8, a number is not finite, or it is deeper than parse() allows.
/// \par Cost  O(size of the result).
[[nodiscard]] std::string condition_to_json(const segment::Condition& condition);

/// Reads that form; what condition_to_json() gave reads back equal. All rules and limits of segment::parse() hold.
///
/// Keys may stand in any order, defaults may be given, and a duration may be in any one unit.
/// \param json       JSON in UTF-8.
/// \param catalogue  The fields that there are.
/// \throws ParseError  with every problem found, each with line, JSON pointer and what was expected.
/// \par Cost  O(n log n) in the size of the text times the depth of the tree, and that of the patterns.
[[nodiscard]] segment::Condition condition_from_json(std::string_view json, const segment::Catalogue& catalogue);

}  // namespace alloquy::io
