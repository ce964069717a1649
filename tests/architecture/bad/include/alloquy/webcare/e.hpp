#include <alloquy/route/d.hpp>
