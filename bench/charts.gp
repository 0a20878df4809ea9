# SPDX-License-Identifier: MIT
# Draws the two charts of the report. Use: gnuplot -e "work='FOLDER'; folder='FOLDER'" charts.gp

set terminal svg size 1100,700 font 'sans-serif,11' background 'white'
set linetype 1 lc rgb '#1b6ca8' lw 2 pt 7 ps 0.6
set linetype 2 lc rgb '#d1495b' lw 2 pt 7 ps 0.6
set linetype 3 lc rgb '#8a8a8a' lw 2 pt 7 ps 0.6
set datafile missing 'NaN'

set output folder.'/costs.svg'
set title 'Instructions a run'
set logscale y
set style data histogram
set style histogram clustered gap 1
set style fill solid noborder
set xtics rotate by -60 scale 0
set format y '10^{%L}'
set grid y
set key top left
plot work.'/costs' using 2:xtic(1) title 'Pinfold', '' using 3 title 'Linux PV', \
	'' using 4 title 'Linux, bare'

set terminal svg size 1100,900 font 'sans-serif,11' background 'white'
set output folder.'/linear.svg'
unset title
set multiplot layout 4,3 title 'Instructions a run, by size'
set style data linespoints
set logscale xy
set xtics norotate autofreq scale 1
set format x '%g'
set key top left font ',9'
set xlabel 'MiB'
do for [kind in 'fork munmap exit'] {
	set title kind
	plot for [i=2:4] work.'/'.kind using 1:i lt i-1 notitle
}
set xlabel 'processes'
do for [kind in 'switch wake processes'] {
	set title kind eq 'processes' ? 'fork + exit among many' : kind
	plot for [i=2:4] work.'/'.kind using 1:i lt i-1 notitle
}
set xlabel 'vcpus'
do for [kind in 'fork-small mmap-1M pipe-process futex-thread'] {
	set title kind
	plot for [i=2:4] work.'/vcpus-'.kind using 1:i lt i-1 notitle
}
unset title; unset xlabel; unset border; unset tics; unset grid
set key center center
set yrange [1:2]; set xrange [1:2]
plot NaN lt 1 title 'Pinfold', NaN lt 2 title 'Linux PV', NaN lt 3 title 'Linux, bare'
unset multiplot
