# Real students: the counts are those of OULAD's documentation, the people and figures those counted by hand on the
# same rows (registered by day 56 or date missing, not withdrawn by then: 3,962, of whom 39.3 % fail or withdraw; days
# since the last click: AUC 0.696; one decayed sum of log(1 + clicks): 0.729, which the score must not fall below).
if(NOT EXISTS ${DATA}/studentInfo.csv.gz)
  message("SKIPPED: the OULAD files are not there (ALLOQUY_DATA)")
  return()
endif()
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
execute_process(
    COMMAND ${PROGRAM} --oulad ${DATA} --day 56 --calls 200 --journal ${WORK}/journal --examples ${SOURCE}/examples
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE error)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "failed (${result}):\n${error}")
endif()
foreach(expected IN ITEMS
    "studentInfo.csv.gz +32593 rows +65186 facts" "studentRegistration.csv.gz +32593 rows"
    "studentAssessment.csv.gz +173912 rows" "1048575 rows +1048575 facts" "assessments.csv +206 rows"
    "vle.csv.gz +6364 rows" "enrolled on day 56 +3962 students, +1557 failed or withdrew later: 39.3 %"
    "day 56: 200 calls" "longest silent first 0.696")
  if(NOT text MATCHES "${expected}")
    message(FATAL_ERROR "expected '${expected}' in\n${text}")
  endif()
endforeach()
string(REGEX MATCH "1 - engagement 0\\.([0-9]+)" ignored "${text}")
if(CMAKE_MATCH_1 LESS 729)
  message(FATAL_ERROR "AUC of 1 - engagement is below 0.729:\n${text}")
endif()
file(REMOVE_RECURSE ${WORK})
