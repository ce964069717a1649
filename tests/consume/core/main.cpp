#include <cstdio>

#include <alloquy/engine/engine.hpp>

int main() {
    alloquy::model::Symbols symbols;
    const alloquy::engine::Engine engine = alloquy::engine::make_engine({}, {}, symbols, {});
    std::printf("%u people\n", engine.size());
}
