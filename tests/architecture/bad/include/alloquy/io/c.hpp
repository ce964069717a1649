#include "alloquy/time/a.hpp"
