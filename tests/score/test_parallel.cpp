#include <alloquy/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using alloquy::run_in_threads;
using alloquy::run_tasks;

/// A thread of a system that has no more than `left` of them.
class ScarceThread {
public:
    template <class Call>
    ScarceThread(Call call, unsigned number) {
        if (left == 0) {
            if (out_of_memory) throw std::bad_alloc{};
            throw std::system_error{std::make_error_code(std::errc::resource_unavailable_try_again)};
        }
        --left;
        thread_ = std::thread{call, number};
    }
    void join() { thread_.join(); }

    static inline unsigned left = 0;
    static inline bool out_of_memory = false;

private:
    std::thread thread_;
};

/// The text of what it throws; empty if nothing.
std::string failure_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_SUITE("parallel") {
    TEST_CASE("each thread is called once, the first in the caller's own") {
        for (const unsigned threads : {1U, 2U, 3U, 16U}) {
            CAPTURE(threads);
            std::vector<int> calls(threads);
            std::vector<std::thread::id> ids(threads);
            run_in_threads(threads, [&](unsigned thread) {
                ++calls[thread];
                ids[thread] = std::this_thread::get_id();
            });
            CHECK(calls == std::vector<int>(threads, 1));
            CHECK(ids[0] == std::this_thread::get_id());
            for (unsigned thread = 1; thread < threads; ++thread) CHECK(ids[thread] != ids[0]);
        }
    }

    TEST_CASE("the failure of the lowest number goes on, after all calls have ended") {
        for (const unsigned threads : {1U, 2U, 5U}) {
            CAPTURE(threads);
            for (unsigned first = 0; first < threads; ++first) {
                std::atomic<unsigned> ended{0};
                const std::string text = failure_of([&] {
                    run_in_threads(threads, [&](unsigned thread) {
                        ++ended;
                        if (thread >= first) throw std::runtime_error{"thread " + std::to_string(thread)};
                    });
                });
                CHECK(text == "thread " + std::to_string(first));
                CHECK(ended == threads);
            }
        }
        CHECK_THROWS_AS(run_in_threads(2, [](unsigned) { throw alloquy::NotFound{"its own type"}; }),
                        alloquy::NotFound);
        CHECK_THROWS_AS(run_in_threads(2,
                                       [](unsigned thread) {
                                           if (thread == 1) throw 7;
                                       }),
                        int);
    }

    TEST_CASE("where threads cannot be started, the caller's does their part, and no failure is lost") {
        for (const bool out_of_memory : {false, true}) {
            for (const unsigned startable : {0U, 1U, 3U}) {
                CAPTURE(startable);
                ScarceThread::out_of_memory = out_of_memory;
                ScarceThread::left = startable;
                std::vector<int> calls(6);
                std::vector<std::thread::id> ids(6);
                alloquy::detail::run_in<ScarceThread>(6, [&](unsigned thread) {
                    ++calls[thread];
                    ids[thread] = std::this_thread::get_id();
                });
                CHECK(calls == std::vector<int>(6, 1));
                const auto own = std::count(ids.begin(), ids.end(), std::this_thread::get_id());
                CHECK(own == 6 - static_cast<std::ptrdiff_t>(startable));

                ScarceThread::left = startable;
                CHECK(failure_of([] {
                          alloquy::detail::run_in<ScarceThread>(6, [](unsigned thread) {
                              if (thread >= 2) throw std::runtime_error{"thread " + std::to_string(thread)};
                          });
                      }) == "thread 2");
            }
        }
    }

    TEST_CASE("each task is done once, for any number of threads, on threads below that number") {
        for (const std::size_t tasks : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
            for (const unsigned threads : {1U, 2U, 7U}) {
                CAPTURE(tasks);
                CAPTURE(threads);
                std::vector<int> done(tasks);
                std::mutex mutex;
                std::set<unsigned> used;
                run_tasks(tasks, threads, [&](std::size_t task, unsigned thread) {
                    ++done[task];
                    const std::lock_guard lock{mutex};
                    used.insert(thread);
                });
                CHECK(done == std::vector<int>(tasks, 1));
                CHECK(std::all_of(used.begin(), used.end(), [&](unsigned thread) { return thread < threads; }));
            }
        }
    }

    TEST_CASE("a thread works on one task at a time, so that scratch space by thread is safe") {
        std::vector<std::atomic<int>> busy(4);
        std::atomic<int> clashes{0};
        run_tasks(2000, 4, [&](std::size_t, unsigned thread) {
            if (busy[thread].fetch_add(1) != 0) ++clashes;
            busy[thread].fetch_sub(1);
        });
        CHECK(clashes == 0);
    }

    TEST_CASE("tasks go to whoever is free: one long task does not hold up the others") {
        std::atomic<int> others{0};
        run_tasks(50, 2, [&](std::size_t task, unsigned) {
            if (task == 0) {
                while (others.load() < 49) std::this_thread::yield();
            } else {
                ++others;
            }
        });
        CHECK(others == 49);
    }

    TEST_CASE("the first task that fails is told whatever the threads, and no further tasks are begun") {
        for (const unsigned threads : {1U, 2U, 5U}) {
            CAPTURE(threads);
            for (int round = 0; round < 20; ++round) {
                std::atomic<std::size_t> begun{0};
                const std::string text = failure_of([&] {
                    run_tasks(1'000'000, threads, [&](std::size_t task, unsigned) {
                        ++begun;
                        // Later tasks fail at once, the first one late.
                        if (task == 7) std::this_thread::yield();
                        if (task >= 7) throw std::runtime_error{"task " + std::to_string(task)};
                    });
                });
                CHECK(text == "task 7");
                CHECK(begun >= 8);
                CHECK(begun <= 7 + threads);
            }
        }
    }

    TEST_CASE("no threads at all are the caller's mistake") {
        CHECK_THROWS_AS(run_in_threads(0, [](unsigned) {}), alloquy::InvalidArgument);
        CHECK_THROWS_AS(run_tasks(3, 0, [](std::size_t, unsigned) {}), alloquy::InvalidArgument);
    }
}
