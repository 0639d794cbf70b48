module thalweg/interop/program

go 1.21
