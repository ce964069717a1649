#include <cstdio>

#include <alloquy/alloquy.hpp>

int main() {
    const auto now = alloquy::time::Instant::from_unix_ms(0);
    auto institution = alloquy::Institution::in_memory({}, now);
    const alloquy::PersonId person = institution.person("sis", "1", now);
    std::printf("%zu actions\n", institution.next(person, now).rejections.size());
}
