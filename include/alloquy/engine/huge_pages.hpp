#pragma once

/// \file
/// HugePageAllocator: memory for large tables that are read and written at random.

#include <cstddef>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace alloquy::engine {

/// An allocator that aligns to cache lines and asks for huge pages where a table is large: events in order of arrival
/// touch people at random, and with pages of 4 KiB each touch costs a walk through the page tables as well.
template <class T>
class HugePageAllocator {
public:
    using value_type = T;

    HugePageAllocator() noexcept = default;
    template <class U>
    HugePageAllocator(const HugePageAllocator<U>&) noexcept {
    }  // NOLINT(google-explicit-constructor): as the standard asks

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        void* const memory = ::operator new(bytes, alignment(bytes));
#if defined(__linux__)
        // Advice alone: where it is refused, small pages serve as well, more slowly.
        if (bytes >= large) static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        ::operator delete(memory, alignment(count * sizeof(T)));
    }
    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) noexcept {
        return true;
    }

private:
    static constexpr std::size_t huge_page = std::size_t{2} << 20U;
    static constexpr std::size_t large = 2 * huge_page;
    static constexpr std::align_val_t alignment(std::size_t bytes) noexcept {
        return std::align_val_t{bytes >= large ? huge_page : 64};
    }
};

}  // namespace alloquy::engine
