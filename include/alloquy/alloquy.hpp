#pragma once

/// \file
/// All of alloquy, for small programs. Larger ones include what they use.

#include <alloquy/decide/text.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/io/csv_reader.hpp>
#include <alloquy/io/holiday_files.hpp>
#include <alloquy/io/import.hpp>
#include <alloquy/io/playbook.hpp>
#include <alloquy/io/zone_files.hpp>
#include <alloquy/model/organisation.hpp>
#include <alloquy/segment/evaluate.hpp>
#include <alloquy/segment/segments.hpp>
#include <alloquy/store/bulk_append.hpp>
#include <alloquy/time/academic_calendar.hpp>
#include <alloquy/time/holidays.hpp>
#include <alloquy/time/range.hpp>
#include <alloquy/version.hpp>
