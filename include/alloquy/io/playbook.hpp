#pragma once

/// \file
/// Playbook reader: an institution's policy as one JSON document, read with all its errors at once, and written.

#include <filesystem>
#include <string>
#include <string_view>

#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>

namespace alloquy::io {

/// Reads a playbook. The format is described by src/io/schema/playbook.schema.json.
///
/// What may be left out keeps the default of its struct: the whole of "engagement" (or "half_lives", or "acts", or
/// "directions" in it), "reachability", "urgency", "pools", "contact_caps" and so on. Where "acts" or "directions" is
/// given, it is the whole list: acts and directions that it does not name weigh 0. Lengths of time are in days,
/// fractions allowed, and those of reachability and of actions are rounded to the minute and the millisecond. A kind of
/// obligation that "urgency" names has the struct's defaults where its rule is silent, not those of "other".
///
/// Names must be known: channels, topics, purposes, pools, actions and segments those of this playbook; acts, roles and
/// statuses those of their enumerations; contact channels, also those of a model's responses, those of reachability. A
/// column in an action's conditions or value is one that the engine has for this playbook (see engine::Column): a fixed
/// one, `engagement:`, `channel:`, `topic:`, `active:`, `expected:` or `model:` with a name of the playbook, one of
/// "columns", or `attribute:` with any name but language and zone. Only the first 7 channels and the first 24 topics
/// have a column of their own; the others share `channel:other` and `topic:other`, so none of the first may be called
/// other. What "columns" names must be none of these. A model's name must not begin with `lifecycle:`: so a journal
/// calls fitted lifecycles.
///
/// A feature's input is one of the same columns that has a history, or one of engine::text_inputs: no model, no
/// `active:` or `expected:` and none of "columns", because nobody knows what they said at the earlier instants that a
/// model learns from. The encoding `levels` reads a text, the others a number; an attribute may be either, but only one
/// of both within a model. A feature without a name has its input's; names are unique within a model; a cross names two
/// features before it that are no crosses. An input that is a special category of personal data
/// (score::is_special_category) needs a "reason".
///
/// A key that the other values of its object make pointless is refused: "unit_days" of a bg_bb lifecycle,
/// "year_starts_in" of a bg_nbd one; "positive" and "negative" of responses, "channels" and "actions" of enrolments;
/// "half_life" of bulk models, "folds" and any "calibration" but none of online ones; "input" of crosses, "of" of
/// other features, "edges" and "quantiles" but for bins and steps, "quantiles" beside edges, any "monotone" but free
/// but for linear, log and steps, "least_rows" but for levels and crosses.
///
/// Days of "academic_years" are ISO days, and "from" and "to" both belong to the stretch, which ends before 9999-12-31;
/// otherwise what time::AcademicCalendar asks holds. "zone" must look like an IANA name; whether there is such a zone
/// only the host's zone source knows.
///
/// A segment's "condition" is a text in the segment language (see segment::parse()) or an object in its JSON form (see
/// condition_from_json()), of which the playbook keeps the text. It has no parameters. Its fields are
/// engine::fields_of() the playbook, so no signals of the host's own; places within a text are told as its own line and
/// column. The segments that it names must be there, and segments must not rest on each other in a circle. A playbook
/// has at most 4,096 segments.
///
/// \param json_text  JSON in UTF-8.
/// \param name       What error texts call it: the file's name, say.
/// \throws ParseError  with every problem found, each with line, JSON pointer and what was expected.
/// \par Cost  O(n log n) in the size of the text, O(n^2) in the number of entries of one kind, and that of parsing the
///            conditions.
[[nodiscard]] engine::Playbook read_playbook(std::string_view json_text, const std::string& name);

/// The same from a file, plain or gzip.
/// \throws NotFound    if there is no such file.
/// \throws Error       if it cannot be read or is larger than 64 MiB.
/// \throws ParseError  as above.
[[nodiscard]] engine::Playbook read_playbook_file(const std::filesystem::path& path);

/// The JSON document of a playbook, indented. A playbook that read_playbook() gave reads back equal.
///
/// Every value is written out, but for a lifecycle's penalty of 0 and for defaults that mean nothing beside the others,
/// which read_playbook() would refuse.
/// Conditions of segments are written as texts.
/// \throws InvalidArgument  if a text in it is not UTF-8, a number is not finite, or a stretch of days is empty.
[[nodiscard]] std::string write_playbook(const engine::Playbook& playbook);

}  // namespace alloquy::io
