#include <alloquy/webcare/e.hpp>
