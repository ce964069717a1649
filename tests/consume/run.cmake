# Builds each consumer outside the tree and runs it. Arguments: BUILD, SOURCE, WORK, COMPILER.
cmake_minimum_required(VERSION 3.24)
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGV}\n${output}")
  endif()
endfunction()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
foreach(consumer IN ITEMS core all subdirectory)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consume/${consumer} -B ${WORK}/${consumer}
      -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DALLOQUY_SOURCE=${SOURCE}
      -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0)
  run(${CMAKE_COMMAND} --build ${WORK}/${consumer})
  run(${WORK}/${consumer}/consume_${consumer})
endforeach()
