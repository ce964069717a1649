#pragma once

/// \file
/// Host: one institution with the lock that Python's threads need, and a view of its past.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <pybind11/pybind11.h>

#include <alloquy/engine/engine.hpp>
#include <alloquy/engine/playbook.hpp>
#include <alloquy/error.hpp>
#include <alloquy/institution.hpp>
#include <alloquy/store/journal.hpp>
#include <alloquy/time/instant.hpp>

namespace alloquy::python {

/// Changes of membership on their way to Python. They wait here while the institution's locks are held, and are told
/// when these are free: so the listener may ask the institution, and what it raises reaches a caller, not the library.
class MembershipNews {
public:
    using Listener = std::shared_ptr<const pybind11::object>;

    /// \param callable  Called with each MembershipRecord. Forgotten under Python's lock, whoever is the last to.
    [[nodiscard]] static Listener listener(const pybind11::object& callable) {
        return {new pybind11::object(callable), [](const pybind11::object* object) {
                    const pybind11::gil_scoped_acquire acquire;
                    delete object;
                }};
    }
    /// Never waits for Python's lock.
    void add(const Listener& listener, const store::MembershipRecord& record) {
        const std::lock_guard lock{mutex_};
        waiting_.push_back({listener, record});
    }
    /// Tells all that waits, in order. The caller holds Python's lock and no other. While one thread tells, the news of
    /// the others wait for it.
    /// \throws py::error_already_set  what a listener raises. The change counts as told; those behind it wait for the
    ///                                next call.
    void tell() {
        std::unique_lock lock{mutex_};
        if (telling_) return;
        telling_ = true;
        try {
            while (!waiting_.empty()) {
                tell_first(lock);
                lock.lock();
            }
        } catch (...) {
            if (!lock.owns_lock()) lock.lock();
            telling_ = false;
            throw;
        }
        telling_ = false;
    }
    /// Does work that may bring news, and tells them. \return What the work returns.
    template <class Work>
    auto tell_after(const Work& work) {
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            tell();
        } else {
            auto result = work();
            tell();
            return result;
        }
    }

private:
    struct News {
        Listener listener;
        store::MembershipRecord record;
    };
    /// \param lock  Given back open.
    void tell_first(std::unique_lock<std::mutex>& lock) {
        const News first = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        (*first.listener)(first.record);
    }

    std::mutex mutex_;
    std::deque<News> waiting_;
    bool telling_ = false;
};

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
        return news_.tell_after([&] {
            const pybind11::gil_scoped_release release;
            const std::shared_lock lock{mutex_};
            return question(open());
        });
    }
    /// The same while no other thread is inside.
    template <class Question>
    auto exclusive(const Question& question) {
        refuse_reentry();
        return news_.tell_after([&] {
            const pybind11::gil_scoped_release release;
            const std::unique_lock lock{mutex_};
            return question(open());
        });
    }
    /// The same for work that calls Python in between.
    template <class Work>
    auto exclusive_with_callbacks(const Work& work) {
        return exclusive([&](Institution& institution) {
            const CallbackScope scope{calling_};
            return work(institution);
        });
    }

    /// Calls a listener with every change of membership from here on, in order, at the end of a call of this object;
    /// None ends that.
    /// \throws InvalidArgument  if it is neither None nor callable.
    void on_membership_change(const pybind11::object& callable) {
        if (!callable.is_none() && PyCallable_Check(callable.ptr()) == 0) {
            throw InvalidArgument{"on_membership_change: listener: a callable or None expected"};
        }
        const MembershipNews::Listener listener =
            callable.is_none() ? MembershipNews::Listener{} : MembershipNews::listener(callable);
        MembershipNews::Listener before;  // let go of when no lock is held, as that may run Python code
        exclusive([&](Institution& institution) {
            if (listener) {
                institution.on_membership_change(
                    [this, listener](const store::MembershipRecord& record) { news_.add(listener, record); });
            } else {
                institution.on_membership_change({});
            }
            before = std::exchange(listener_, listener);
        });
    }

    /// Closes the file and forgets the listener, after it has heard all. Nothing happens if it is closed.
    void close() {
        refuse_reentry();
        MembershipNews::Listener before;
        news_.tell_after([&] {
            const pybind11::gil_scoped_release release;
            const std::unique_lock lock{mutex_};
            institution_.reset();
            before = std::exchange(listener_, {});
        });
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
    MembershipNews news_;
    MembershipNews::Listener listener_;
    std::optional<Institution> institution_;  // after the news: closing it brings some
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
