#pragma once

/// \file
/// Host: one institution with the lock that Python's threads need, and a view of its past.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>

#include <pybind11/pybind11.h>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::python {

/// An institution that may be closed before Python forgets it.
///
/// Words are interned under the exclusive lock, since no other thread may be inside the journal then; everything else
/// shares it. Python's own lock is always let go before this one is asked for, so that the two cannot block each other.
class Host {
public:
    Host(Institution institution, unsigned threads)
        : institution_{std::move(institution)},
          playbook_{std::make_shared<const engine::Playbook>(institution_->playbook())},
          threads_{threads} {}
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// Runs a question without Python's lock.
    /// \throws InvalidArgument  if the institution is closed, or if this thread is inside a progress callback.
    template <class Question>
    auto shared(const Question& question) {
        refuse_reentry();
        const pybind11::gil_scoped_release release;
        const std::shared_lock lock{mutex_};
        return question(open());
    }
    /// The same while no other thread is inside.
    template <class Question>
    auto exclusive(const Question& question) {
        refuse_reentry();
        const pybind11::gil_scoped_release release;
        const std::unique_lock lock{mutex_};
        return question(open());
    }
    /// The same for work that calls Python in between.
    template <class Work>
    auto exclusive_with_callbacks(const Work& work) {
        return exclusive([&](Institution& institution) {
            const CallbackScope scope{calling_};
            return work(institution);
        });
    }

    /// Closes the file. Nothing happens if it is closed.
    void close() {
        refuse_reentry();
        const pybind11::gil_scoped_release release;
        const std::unique_lock lock{mutex_};
        institution_.reset();
    }
    [[nodiscard]] bool is_closed() {
        refuse_reentry();
        const pybind11::gil_scoped_release release;
        const std::shared_lock lock{mutex_};
        return !institution_;
    }

    [[nodiscard]] const std::shared_ptr<const engine::Playbook>& playbook() const noexcept { return playbook_; }
    [[nodiscard]] unsigned threads() const noexcept { return threads_; }

private:
    /// Notes which thread may call Python back while it holds the lock.
    class CallbackScope {
    public:
        explicit CallbackScope(std::atomic<std::thread::id>& calling) noexcept : calling_{calling} {
            calling_ = std::this_thread::get_id();
        }
        CallbackScope(const CallbackScope&) = delete;
        CallbackScope& operator=(const CallbackScope&) = delete;
        ~CallbackScope() { calling_ = std::thread::id{}; }

    private:
        std::atomic<std::thread::id>& calling_;
    };

    [[nodiscard]] Institution& open() {
        if (!institution_) throw InvalidArgument{"Institution: it is closed"};
        return *institution_;
    }
    void refuse_reentry() const {
        if (calling_ == std::this_thread::get_id()) {
            throw InvalidArgument{"Institution: it cannot be used inside a progress callback"};
        }
    }

    std::shared_mutex mutex_;
    std::atomic<std::thread::id> calling_{};
    std::optional<Institution> institution_;
    std::shared_ptr<const engine::Playbook> playbook_;
    unsigned threads_;
};

/// The state as it was known at an instant. Keeps its institution.
struct View {
    std::shared_ptr<Host> host;
    Institution::Engine engine;
    time::Instant instant;
};

/// The journal of an institution.
struct JournalHandle {
    std::shared_ptr<Host> host;
};

}  // namespace alloquy::python
