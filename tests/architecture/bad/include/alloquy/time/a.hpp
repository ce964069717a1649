#include <alloquy/score/b.hpp>
