#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include <alloquy/store/bulk_append.hpp>

#include "journal_impl.hpp"

namespace alloquy::store {

using detail::RowBatch;

namespace {

constexpr std::size_t batch_facts = detail::max_block_facts;
/// Rows that are written before another call gets its turn.
constexpr std::size_t slice_rows = 2048;
/// Beside the batch that is being filled and the one that is being written.
constexpr std::size_t waiting_batches = 1;

/// A batch and the order in which its rows go in.
struct SortedBatch {
    RowBatch batch;
    std::vector<std::uint32_t> order;  ///< Places of rows, inverses left out.
};

/// Neighbours in the file are entered one after the other: each page is then touched once for a whole batch.
void sort_rows(SortedBatch& sorted) {
    const RowBatch& batch = sorted.batch;
    sorted.order.clear();
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
        if (!batch.rows[i].is_inverse) sorted.order.push_back(static_cast<std::uint32_t>(i));
    }
    std::ranges::sort(sorted.order, [&](std::uint32_t a, std::uint32_t b) {
        const detail::Row& x = batch.rows[a];
        const detail::Row& y = batch.rows[b];
        if (x.person != y.person) return x.person < y.person;
        if (x.source != y.source) return x.source < y.source;
        if (const int order = batch.key(x).compare(batch.key(y)); order != 0) return order < 0;
        return a < b;
    });
}

}  // namespace

class BulkAppend::Impl {
public:
    Impl(JournalInternals::Impl& journal, const BulkOptions& options) : journal_{journal}, options_{options} {
        journal_.check_writable();
        if (journal_.bulk_open.exchange(true)) throw InvalidArgument{"BulkAppend: another one is open on this journal"};
        try {
            set_cache(std::max(options_.cache_bytes, journal_.cache_bytes));
            thread_ = std::thread{[this] { write_batches(); }};
        } catch (...) {
            journal_.bulk_open = false;
            throw;
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ~Impl() {
        {
            const std::lock_guard guard{mutex_};
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
        {
            const std::lock_guard guard{journal_.writer->mutex()};
            if (journal_.writer->has_bulk_rows()) journal_.writer->rollback();
            static_cast<void>(journal_.writer->take_bulk_lost());
            // Should it fail, the larger cache stays until the journal is closed; nothing else depends on it.
            static_cast<void>(sqlite3_exec(journal_.writer->connection().handle(),
                                           cache_sql(journal_.cache_bytes).c_str(), nullptr, nullptr, nullptr));
        }
        journal_.bulk_open = false;
    }

    void append(std::span<const model::Fact> facts) {
        throw_failure();
        for (const model::Fact& fact : facts) journal_.check(fact, scratch_);
        for (const model::Fact& fact : facts) {
            journal_.encode(fact, appended_, filling_.batch, scratch_);
            ++appended_;
            if (filling_.batch.rows.size() >= batch_facts_) hand_over();
        }
    }

    [[nodiscard]] std::uint64_t appended() const noexcept { return appended_; }

    BulkResult commit() {
        hand_over();
        std::unique_lock guard{mutex_};
        changed_.wait(guard, [&] { return failure_ || (queue_.empty() && !writing_); });
        if (failure_) std::rethrow_exception(failure_);
        // The thread waits for batches now, so this one may write.
        try {
            const std::lock_guard turn{journal_.writer->mutex()};
            check_lost();
            journal_.writer->begin();
            journal_.writer->commit();
        } catch (...) {
            failure_ = std::current_exception();
            throw;
        }
        since_commit_ = 0;
        std::ranges::sort(result_.conflicts);
        return result_;
    }

private:
    static std::string cache_sql(std::size_t bytes) { return "PRAGMA cache_size = -" + std::to_string(bytes / 1024); }
    void set_cache(std::size_t bytes) {
        const std::lock_guard guard{journal_.writer->mutex()};
        journal_.writer->connection().execute(cache_sql(bytes));
    }

    void throw_failure() {
        const std::lock_guard guard{mutex_};
        if (failure_) std::rethrow_exception(failure_);
    }

    void hand_over() {
        journal_.registry->collect_words();
        if (filling_.batch.rows.empty()) return;
        sort_rows(filling_);
        std::unique_lock guard{mutex_};
        changed_.wait(guard, [&] { return failure_ || queue_.size() < waiting_batches; });
        if (failure_) std::rethrow_exception(failure_);
        queue_.push_back(std::move(filling_));
        filling_ = {};
        if (!spare_.empty()) {
            filling_ = std::move(spare_.back());
            spare_.pop_back();
        }
        guard.unlock();
        changed_.notify_all();
    }

    void write_batches() {
        std::unique_lock guard{mutex_};
        while (true) {
            changed_.wait(guard, [&] { return stopping_ || !queue_.empty(); });
            if (stopping_) return;
            SortedBatch batch = std::move(queue_.front());
            queue_.pop_front();
            writing_ = true;
            guard.unlock();
            changed_.notify_all();
            std::exception_ptr failure;
            try {
                write(batch);
            } catch (...) {
                failure = std::current_exception();
            }
            batch.batch.clear();
            guard.lock();
            writing_ = false;
            spare_.push_back(std::move(batch));
            if (failure) failure_ = failure;
            changed_.notify_all();
            if (failure_) return;
        }
    }

    void write(const SortedBatch& sorted) {
        detail::Writer& writer = *journal_.writer;
        for (std::size_t next = 0; next < sorted.order.size();) {
            const std::size_t end = std::min(next + slice_rows, sorted.order.size());
            since_commit_ += end - next;
            const std::lock_guard turn{writer.mutex()};
            check_lost();
            try {
                writer.begin();
                writer.mark_bulk();
                for (; next < end; ++next) {
                    const std::size_t row = sorted.order[next];
                    switch (writer.enter(sorted.batch, row)) {
                        case Entry::entered:
                            ++result_.entered;
                            break;
                        case Entry::already_there:
                            ++result_.already_there;
                            break;
                        case Entry::conflict:
                            result_.conflicts.push_back(sorted.batch.rows[row].ordinal);
                            break;
                    }
                }
                if (next == sorted.order.size()) {
                    if (options_.facts_per_commit != 0 && since_commit_ >= options_.facts_per_commit) {
                        writer.commit();
                        since_commit_ = 0;
                    } else {
                        writer.close_block();
                    }
                }
            } catch (...) {
                writer.rollback();
                throw;
            }
        }
    }

    /// Throws if the failure of another call took rows of this one with it.
    void check_lost() {
        if (journal_.writer->take_bulk_lost()) {
            throw StoreError{"journal: another call failed and rolled back what was appended since the last commit", 0};
        }
    }

    JournalInternals::Impl& journal_;
    BulkOptions options_;
    std::size_t batch_facts_ =
        options_.facts_per_commit == 0 ? batch_facts : std::min(batch_facts, options_.facts_per_commit);
    SortedBatch filling_;
    std::string scratch_;
    std::uint64_t appended_ = 0;

    // Touched by the thread while it writes, and by commit() while it waits.
    BulkResult result_;
    std::size_t since_commit_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<SortedBatch> queue_;
    std::vector<SortedBatch> spare_;
    bool writing_ = false;
    bool stopping_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

BulkAppend::BulkAppend(Journal& journal, const BulkOptions& options)
    : impl_{std::make_unique<Impl>(JournalInternals::of(journal), options)} {}
BulkAppend::~BulkAppend() = default;

void BulkAppend::append(std::span<const model::Fact> facts) {
    impl_->append(facts);
}
std::uint64_t BulkAppend::appended() const noexcept {
    return impl_->appended();
}
BulkResult BulkAppend::commit() {
    return impl_->commit();
}

}  // namespace alloquy::store
