#pragma once

/// \file
/// Parallel: runs work on several threads; no failure is lost, and which one is told does not depend on the threads.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <limits>
#include <thread>
#include <vector>

#include <alloquy/error.hpp>

namespace alloquy {

namespace detail {

/// run_in_threads() with another type of thread: Thread{call, number} calls call(number), join() waits for its end.
template <class Thread, class Work>
void run_in(unsigned threads, const Work& work) {
    if (threads == 0) throw InvalidArgument{"run_in_threads: threads must be >= 1, got 0"};
    if (threads == 1) {
        work(0U);
        return;
    }
    std::vector<std::exception_ptr> failures(threads);
    const auto guarded = [&](unsigned thread) noexcept {
        try {
            work(thread);
        } catch (...) {
            failures[thread] = std::current_exception();
        }
    };
    std::vector<Thread> others;
    others.reserve(threads - 1);
    unsigned next = 1;
    try {
        for (; next < threads; ++next) others.emplace_back(guarded, next);
    } catch (...) {
        // The system has no more threads or memory for one (std::system_error, std::bad_alloc): this one does the rest.
    }
    guarded(0U);
    for (; next < threads; ++next) guarded(next);
    for (Thread& other : others) other.join();
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

}  // namespace detail

/// Calls work(0) to work(threads - 1), each in a thread of its own, work(0) in the caller's; returns when all are done.
///
/// Where the system cannot start a thread, the caller's makes the calls that are left, one after the other. So no call
/// may wait for another, and each must do its own part whatever the others do.
/// \param threads  >= 1.
/// \param work     Takes an unsigned; is called from several threads at once.
/// \throws InvalidArgument  if threads is 0.
/// \throws what work throws: that of the lowest number, after all calls have ended.
/// \par Cost    Some 10 us for each thread beyond the first.
template <class Work>
void run_in_threads(unsigned threads, const Work& work) {
    detail::run_in<std::thread>(threads, work);
}

/// Calls work(task, thread) once for each task from 0 to tasks - 1, on as many threads as there are tasks for.
///
/// Tasks are handed out in their order, each to the first thread that is free. Which thread that is differs from run to
/// run: a number must come from the task alone, and `thread` only choose scratch space. After a failure no further
/// tasks are handed out.
/// \param threads  >= 1; `thread` is below this.
/// \param work     Takes a std::size_t and an unsigned; is called from several threads at once. No task may wait for
///                 another.
/// \throws InvalidArgument  if threads is 0.
/// \throws what work throws: that of the first task that fails, the same for any number of threads.
/// \par Cost    As run_in_threads(), and one atomic addition a task: a task should take some microseconds at least.
template <class Work>
void run_tasks(std::size_t tasks, unsigned threads, const Work& work) {
    if (threads == 0) throw InvalidArgument{"run_tasks: threads must be >= 1, got 0"};
    if (threads == 1 || tasks <= 1) {
        for (std::size_t task = 0; task < tasks; ++task) work(task, 0U);
        return;
    }
    struct Failure {
        std::size_t task = std::numeric_limits<std::size_t>::max();
        std::exception_ptr error{};
    };
    const auto useful = static_cast<unsigned>(std::min<std::size_t>(threads, tasks));
    std::vector<Failure> failures(useful);
    std::atomic<std::size_t> next{0};
    std::atomic<bool> has_failed{false};
    run_in_threads(useful, [&](unsigned thread) {
        // Whoever takes a task does it: all tasks before one that failed are done, so the first failure is known.
        while (!has_failed.load(std::memory_order_relaxed)) {
            const std::size_t task = next.fetch_add(1, std::memory_order_relaxed);
            if (task >= tasks) return;
            try {
                work(task, thread);
            } catch (...) {
                failures[thread] = {task, std::current_exception()};
                has_failed.store(true, std::memory_order_relaxed);
            }
        }
    });
    const auto first = std::min_element(failures.begin(), failures.end(),
                                        [](const Failure& a, const Failure& b) { return a.task < b.task; });
    if (first->error) std::rethrow_exception(first->error);
}

}  // namespace alloquy
